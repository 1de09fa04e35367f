/** The nonce of this page's content security policy; the server writes it into the page. */
export function nonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";
}

/** Tell it to what adds styles by itself (a modal that locks scrolling looks for it there). */
export function shareNonce(): void {
  Object.assign(globalThis, { __webpack_nonce__: nonce() });
}

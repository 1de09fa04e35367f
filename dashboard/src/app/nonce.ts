/** The nonce of this page's content security policy; the server writes it into the page. */
export function nonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";
}

/** Libraries that make style elements of their own look for it under this name. */
export function tellLibraries(): void {
  Object.assign(globalThis, { __webpack_nonce__: nonce() });
}

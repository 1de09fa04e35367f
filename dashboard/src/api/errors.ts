// What an API said when it said no. Each of them wraps its sentence in its own way; here they
// become one.

export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly requestId: string | null,
    readonly remedy: string | null = null,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

type Json = Record<string, unknown>;

function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Ironic's sentence is JSON inside a string of JSON. */
function ironicSentence(text: string): string {
  try {
    const inner: unknown = JSON.parse(text);
    return isJson(inner) && typeof inner.faultstring === "string" ? inner.faultstring : text;
  } catch {
    return text;
  }
}

/** The sentence of an error body in any API's dialect; null if there is none in it. */
export function sentenceOf(body: unknown): string | null {
  if (typeof body === "string") return body.trim() || null;
  if (!isJson(body)) return null;
  if (typeof body.error_message === "string") return ironicSentence(body.error_message);
  const first = Array.isArray(body.errors) ? (body.errors[0] as unknown) : undefined;
  if (isJson(first) && typeof first.detail === "string") return first.detail;
  if (typeof body.message === "string") return body.message;
  for (const value of Object.values(body)) {
    if (isJson(value) && typeof value.message === "string") return value.message;
  }
  return null;
}

export function errorOf(response: Response, body: unknown): ApiError {
  const inner = isJson(body) && isJson(body.error) ? body.error : null;
  const remedy = inner && typeof inner.remedy === "string" ? inner.remedy : null;
  const said = sentenceOf(body) ?? `HTTP ${response.status} ${response.statusText}`;
  return new ApiError(
    response.status,
    said,
    response.headers.get("x-openstack-request-id"),
    remedy,
  );
}

export function isGone(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}

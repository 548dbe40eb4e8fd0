// Talks to the server over HTTP. Every failure is an ApiError with the server's code and words.
// @ts-check
import { reason, t } from "./texts.js";

export class ApiError extends Error {
  /** @param {number} status 0 when the server wasn't reached @param {string} code @param {string} message @param {any} body what the server said in full */
  constructor(status, code, message, body = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.body = body;
  }
}

/** @param {string} method @param {string} path @param {unknown} [body] @returns {Promise<any>} */
export async function ask(method, path, body) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
  } catch {
    throw new ApiError(0, "offline", "Meridian can't be reached.");
  }
  if (response.ok) return response.status === 204 ? null : response.json();
  const said = await response.json().catch(() => ({}));
  throw new ApiError(response.status, said.code ?? "error", said.message ?? response.statusText, said);
}

/** A path with its parts made safe: path`/api/cards/${id}`. @param {TemplateStringsArray} parts @param {...any} values */
export function path(parts, ...values) {
  return parts.reduce((text, part, n) => text + encodeURIComponent(String(values[n - 1])) + part);
}

/** What went wrong, in the reader's words. @param {unknown} error */
export function why(error) {
  if (!(error instanceof ApiError)) return String(error);
  return error.status ? reason(error) : t("offline");
}

/** Whether this installation has no such thing at all (rather than: not right now). @param {unknown} error */
export function isAbsent(error) {
  return error instanceof ApiError && (error.status === 404 || error.status === 405);
}

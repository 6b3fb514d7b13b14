// Requests to the server, and its errors as values.
import { noteAnswer, noteSilence } from "./connection.js";

const timeout = 20_000;

/** The server could not be reached, or something in between answered in its place. */
export class UnreachableError extends Error {
  constructor() { super("The server does not answer."); }
}

/** An answer of application/problem+json (RFC 9457), or of the Prometheus API's error envelope. */
export class ProblemError extends Error {
  constructor(status, body) {
    super(body.detail || body.error || body.title || `The server answered with status ${status}.`);
    this.status = status;
    this.type = typeof body.type === "string" ? body.type.replace("urn:kaskman:problem:", "") : body.errorType ?? "";
    this.violations = Array.isArray(body.errors) ? body.errors : [];
  }
}

let authorize = null;

/** The session hands in how to get a token, and what to do when one is refused. */
export function setAuthorization(functions) { authorize = functions; }

/**
 * Sends a request with the session's token, once more with a fresh one when the first is refused.
 * Returns { status, headers, body }; throws ProblemError, UnreachableError, or the signal's AbortError.
 */
export async function call(method, path, options = {}) {
  const token = await authorize.token();
  try {
    return await send(method, path, { ...options, token });
  } catch (error) {
    if (!(error instanceof ProblemError) || error.status !== 401) throw error;
    const fresh = await authorize.renewedToken(token);
    return await send(method, path, { ...options, token: fresh });
  }
}

/** The bytes of a path as a Blob, which the browser may keep on disk. Throws as `call` does. */
export async function download(path, signal) {
  const first = await authorize.token();
  const ask = (token) => fetch(path, {
    headers: { Authorization: `Bearer ${token}` }, signal, credentials: "omit", cache: "no-store", redirect: "error",
  });
  let response;
  try {
    response = await ask(first);
    if (response.status === 401) response = await ask(await authorize.renewedToken(first));
    if (response.ok) {
      noteAnswer();
      return await response.blob();
    }
  } catch (error) {
    if (signal?.aborted || !(error instanceof TypeError)) throw error;
    noteSilence();
    throw new UnreachableError();
  }
  throw new ProblemError(response.status, parse(await response.text(), response).body ?? {});
}

export const get = async (path, options) => (await call("GET", path, options)).body;

/** One request. Options: token, json, form, headers, cookies, signal. */
export async function send(method, path, options = {}) {
  const headers = new Headers(options.headers);
  headers.set("Accept", "application/json");
  if (options.token) headers.set("Authorization", `Bearer ${options.token}`);
  let body;
  if (options.json !== undefined) {
    if (!headers.has("Content-Type")) headers.set("Content-Type", "application/json");
    body = JSON.stringify(options.json);
  } else if (options.form) {
    body = new URLSearchParams(options.form);
  }
  const limit = AbortSignal.timeout(options.timeout ?? timeout);
  const signal = options.signal ? AbortSignal.any([options.signal, limit]) : limit;
  let response;
  let text;
  try {
    response = await fetch(path, {
      method,
      headers,
      body,
      signal,
      // Only the session's own routes need the cookie; without it a 401 never opens the browser's password window.
      credentials: options.cookies ? "same-origin" : "omit",
      cache: "no-store",
      redirect: "error",
    });
    text = await response.text();
  } catch (error) {
    if (options.signal?.aborted) throw error;
    noteSilence();
    throw new UnreachableError();
  }
  const parsed = parse(text, response);
  if (!parsed.isOurs && response.status >= 502 && response.status <= 504) {
    noteSilence();
    throw new UnreachableError();
  }
  noteAnswer();
  if (!response.ok && !options.accept?.includes(response.status)) {
    throw new ProblemError(response.status, parsed.body ?? {});
  }
  return { status: response.status, headers: response.headers, body: parsed.body };
}

function parse(text, response) {
  const type = response.headers.get("Content-Type") ?? "";
  if (type.startsWith("text/markdown")) return { body: text, isOurs: true };
  if (!/^application\/([a-z.]+\+)?json/.test(type)) return { body: null, isOurs: response.status === 204 };
  try {
    const body = JSON.parse(text);
    return { body: typeof body === "object" && body !== null ? body : {}, isOurs: true };
  } catch {
    return { body: null, isOurs: false };
  }
}

/**
 * HTTP to one ComfyUI: every request has a time limit, honours the caller's signal and fails as an AppError.
 * Error bodies are text first, since ComfyUI's are not always JSON; answers of something else are told apart here.
 */
import { getCACertificates } from "node:tls";
import { Agent, type FormData, fetch, type Headers, type Response } from "undici";
import { AppError } from "../../../core/errors.ts";

/** The queue of a busy server holds every graph; above this it is not one. */
const BODY_BYTES_MAX = 64 * 1024 * 1024;
const CONNECTIONS_MAX = 8;

export type HttpOptions = {
  /** Without a slash at the end. */
  readonly url: string;
  readonly token?: string | undefined;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** PEM text of authorities to trust besides the usual ones. */
  readonly ca?: string | undefined;
  readonly connectMs: number;
  readonly answerMs: number;
};

export type Request = {
  readonly method?: "GET" | "HEAD" | "POST";
  readonly json?: unknown;
  readonly form?: FormData;
  /** Statuses besides 200 that the caller reads itself. */
  readonly accept?: readonly number[];
  readonly timeoutMs?: number;
  readonly bytesMax?: number;
  readonly signal?: AbortSignal | undefined;
};

export type Answer = {
  readonly status: number;
  readonly contentType: string;
  /** What the server says the body measures; null where it does not. */
  readonly lengthBytes: number | null;
  readonly body: Buffer;
};

export type Http = {
  /**
   * Throws `backend-unreachable`, `backend-not-comfyui`, `backend-rejected` (413) or `backend-failed`.
   * data.unsure is true where a POST may have been heeded although its answer is missing.
   */
  exchange(path: string, request?: Request): Promise<Answer>;
  /** The same, for answers that must be JSON. */
  json(path: string, request?: Request): Promise<unknown>;
  close(): Promise<void>;
};

/** Nothing of the request can have reached the server: the connection was never made. */
const NEVER_SENT = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);
/** A connection that worked before is gone. */
const BROKE = new Set(["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"]);
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "there is no such host",
  EAI_AGAIN: "the host's name could not be looked up",
  EHOSTUNREACH: "there is no way to the host",
  ENETUNREACH: "there is no way to its network",
  UND_ERR_CONNECT_TIMEOUT: "the host does not answer",
  ECONNRESET: "the connection broke",
  UND_ERR_SOCKET: "the connection broke",
};

type Line = { readonly options: HttpOptions; readonly agent: Agent; readonly closing: AbortController };

export function connectHttp(options: HttpOptions): Http {
  const connect = { timeout: options.connectMs, ...trusting(options.ca) };
  const agent = new Agent({ connections: CONNECTIONS_MAX, allowH2: false, connect });
  const line: Line = { options, agent, closing: new AbortController() };
  return {
    exchange: (path, request = {}) => exchangeTwice(line, path, request),
    json: (path, request = {}) => exchangeJson(line, path, request),
    async close() {
      line.closing.abort(new AppError("interrupted", "The backend was closed."));
      await agent.destroy();
    },
  };
}

/** The usual authorities and the given one: a private one is no reason to distrust all others. */
export function trusting(ca: string | undefined): { readonly ca?: string[] } {
  return ca === undefined ? {} : { ca: [...getCACertificates("default"), ca] };
}

/** A server that restarted breaks the connections kept from before; what changes nothing is simply asked again. */
async function exchangeTwice(line: Line, path: string, request: Request): Promise<Answer> {
  try {
    return await exchange(line, path, request);
  } catch (thrown) {
    const broke = thrown instanceof AppError && BROKE.has(String(thrown.data.reason)) && thrown.data.part === "head";
    if (request.method === "POST" || !broke) throw thrown;
    return await exchange(line, path, request);
  }
}

async function exchange({ options, agent, closing }: Line, path: string, request: Request): Promise<Answer> {
  const timeoutMs = request.timeoutMs ?? options.answerMs;
  const limit = AbortSignal.timeout(timeoutMs);
  let response: Response | undefined;
  try {
    response = await fetch(options.url + path, {
      method: request.method ?? "GET",
      headers: headersOf(request, options),
      body: request.form ?? (request.json === undefined ? null : JSON.stringify(request.json)),
      dispatcher: agent,
      redirect: "manual",
      signal: AbortSignal.any([limit, closing.signal, ...(request.signal ? [request.signal] : [])]),
    });
    const body = await readBody(response, request.bytesMax ?? BODY_BYTES_MAX);
    const answer = { status: response.status, ...described(response.headers), body };
    if (answer.status === 200 || answer.status === 206 || request.accept?.includes(answer.status)) return answer;
    throw unexpected(options, path, request, answer);
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown;
    request.signal?.throwIfAborted();
    closing.signal.throwIfAborted();
    const posted = request.method === "POST";
    const data = { url: options.url, path, part: response ? "body" : "head", unsure: posted };
    throw limit.aborted ? silent(timeoutMs, data, thrown) : broken(thrown, data);
  }
}

async function exchangeJson(line: Line, path: string, request: Request): Promise<unknown> {
  const answer = await exchangeTwice(line, path, request);
  const { url } = line.options;
  try {
    return JSON.parse(answer.body.toString("utf8"));
  } catch (thrown) {
    const data = { url, path, status: answer.status };
    throw notComfyUi(`${url} answers ${path} with ${kindOf(answer)} instead of JSON`, data, thrown);
  }
}

/** What is wrong with an answer of a status nobody asked for. */
function unexpected({ url, token }: HttpOptions, path: string, request: Request, answer: Answer): AppError {
  const { status } = answer;
  const data = { url, path, status, unsure: false };
  const says = firstLine(answer);
  if (status === 401 || status === 403 || status === 407) {
    const message = `${url} refuses us (${status}): it wants ${token ? "another" : "a"} \`token\`.`;
    return new AppError("backend-unreachable", message, data);
  }
  if (status === 413)
    return new AppError("backend-rejected", `${url} takes no upload of that size (413)${says}.`, data);
  const asksState = request.method !== "POST" && !path.startsWith("/view");
  // 500 is ComfyUI's own: a sick server when asked how things stand, else a refusal of this one request.
  if (status === 429 || status > 501 || (status >= 500 && asksState)) {
    const message = `${url} cannot answer now (${status})${says}.`;
    return new AppError("backend-unreachable", message, { ...data, unsure: request.method === "POST" });
  }
  if (status < 400 || status === 404 || status === 405)
    return notComfyUi(`${url} answers ${status} to ${path}, which ComfyUI knows`, data);
  return new AppError("backend-failed", `ComfyUI answered ${status} to ${path}${says}.`, data);
}

type Where = { readonly url: string; readonly path: string; readonly part: string; readonly unsure: boolean };

function silent(timeoutMs: number, where: Where, cause: unknown): AppError {
  const message = `No answer from ${where.url} in ${timeoutMs} ms.`;
  return new AppError("backend-unreachable", message, { ...where, timeoutMs }, cause);
}

function broken(thrown: unknown, where: Where): AppError {
  const code = codeOf(thrown);
  const untrusted = /CERT|SSL|TLS|SIGN|UNABLE_TO/.test(code);
  // No chain to an authority we know, as opposed to a name or a date that does not fit.
  const mend = /UNABLE|SELF_SIGNED/.test(code) ? "; name its authority's PEM file under `ca`" : "";
  const reason = REASONS[code] ?? (untrusted ? `its certificate is not trusted (${code})${mend}` : messageOf(thrown));
  const data = { ...where, reason: code, unsure: where.unsure && !NEVER_SENT.has(code) && !untrusted };
  return new AppError("backend-unreachable", `Cannot talk to ${where.url}: ${reason}.`, data, thrown);
}

export function notComfyUi(what: string, data: Readonly<Record<string, unknown>>, cause?: unknown): AppError {
  return new AppError("backend-not-comfyui", `${what}: this is not a ComfyUI.`, data, cause);
}

function headersOf(request: Request, { token, headers }: HttpOptions): Record<string, string> {
  return {
    ...headers,
    ...(token ? { authorization: `Bearer ${token}` } : {}),
    ...(request.json === undefined ? {} : { "content-type": "application/json" }),
  };
}

function described(headers: Headers): Pick<Answer, "contentType" | "lengthBytes"> {
  // A length of coded bytes says nothing about the file's.
  const length = headers.has("content-encoding") ? null : headers.get("content-length");
  return { contentType: headers.get("content-type") ?? "", lengthBytes: length === null ? null : Number(length) };
}

async function readBody(response: Response, bytesMax: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of response.body ?? []) {
    total += chunk.length;
    if (total > bytesMax)
      throw new AppError("backend-failed", `The answer from ${response.url} exceeds ${bytesMax} bytes.`, { bytesMax });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Node hides the system's reason one or two causes deep. */
function codeOf(thrown: unknown): string {
  for (let at = thrown, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth++)
    if ("code" in at && typeof at.code === "string") return at.code;
  return "";
}

function messageOf(thrown: unknown): string {
  const deepest = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
  return deepest instanceof Error ? deepest.message : String(deepest);
}

function kindOf({ contentType, body }: Answer): string {
  if (/html/.test(contentType) || /^\s*</.test(body.toString("latin1", 0, 64))) return "a web page";
  return contentType === "" ? "unknown bytes" : contentType;
}

/** The start of a text body as part of a sentence; web pages and binary say nothing to a person. */
function firstLine(answer: Answer): string {
  if (!/^text\/plain|json/.test(answer.contentType)) return "";
  const line = answer.body.toString("utf8", 0, 400).trim().split("\n")[0]!.replace(/\.$/, "");
  return line === "" ? "" : `: ${line.slice(0, 200)}`;
}

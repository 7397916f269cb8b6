/** What may stand before a ComfyUI: a path prefix, a token or header that is wanted, each as a reverse proxy has it. */
import type { IncomingMessage } from "node:http";
import type { ComfyuiOptions } from "./options.ts";

export type Passed = { readonly status: 200 | 401 | 404; readonly text: string };

/** Takes the prefix off the request's path, as the proxy does before it passes the request on. */
export function passFront(request: IncomingMessage, { prefix = "", token, wants = {} }: ComfyuiOptions): Passed {
  const url = request.url ?? "/";
  if (prefix !== "" && !url.startsWith(`${prefix}/`)) return { status: 404, text: "404 page not found\n" };
  request.url = url.slice(prefix.length);
  const { headers } = request;
  const isKnown = token === undefined || headers.authorization === `Bearer ${token}`;
  const hasAll = Object.entries(wants).every(([name, value]) => headers[name.toLowerCase()] === value);
  return isKnown && hasAll ? { status: 200, text: "" } : { status: 401, text: "401 Unauthorized\n" };
}

/** The HTTP side: reads requests as aiohttp does, applies faults, finds the route, answers as aiohttp does. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { passFront } from "./front.ts";
import { JOB_ROUTES } from "./jobs.ts";
import { pythonJson } from "./json.ts";
import type { Control } from "./options.ts";
import { type Reply, ROUTES, type Site } from "./routes.ts";
import type { Traits } from "./versions.ts";
import { sendView } from "./view.ts";

const BROKEN = "500 Internal Server Error\n\nServer got itself in trouble";
const TEXT = "text/plain; charset=utf-8";
const SOMEBODY_ELSE = "<!doctype html><title>Welcome</title><h1>It works!</h1>\n";

export function httpServer(site: Site): Server {
  const { tls } = site.control.options;
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    const { status, text } = passFront(request, site.control.options);
    if (status !== 200) return sendText(response, status, text);
    handle(request, response, site).catch((thrown: unknown) => {
      if (!request.socket.destroyed && !response.headersSent) sendText(response, 500, BROKEN, { Connection: "close" });
      else if (!(thrown instanceof Error && "code" in thrown && thrown.code === "ECONNRESET")) response.destroy();
    });
  };
  const server = tls ? createSecureServer(tls, listener) : createServer(listener);
  server.keepAliveTimeout = 60_000;
  return server;
}

async function handle(request: IncomingMessage, response: ServerResponse, site: Site): Promise<void> {
  const { control, maxUploadBytes } = site;
  const { url, path, method, key, underApi } = notice(request, control);
  if (control.faults.take("stall")) return;
  if (control.faults.take("not-comfyui"))
    return void response.writeHead(200, { "Content-Type": "text/html" }).end(SOMEBODY_ELSE);
  if (control.faults.take("server-error")) return sendText(response, 500, BROKEN, { Connection: "close" });
  if (isForeign(request, control.traits)) return void response.writeHead(403, { "Content-Length": 0 }).end();
  if (key === "POST /prompt" && control.faults.take("lose-request")) return void request.destroy();

  if (path === "/view")
    return sendView(
      { query: url.searchParams, headers: request.headers, head: method === "HEAD" },
      response,
      site.folders,
      control,
    );
  if (path === "/ws")
    return sendText(response, 400, 'No WebSocket UPGRADE hdr: None\n Can "Upgrade" only to "WebSocket".');
  const found = routeFor(path, method, routesOf(control.traits, underApi));
  if (found === "absent") {
    response.writeHead(404, { "Content-Type": "application/octet-stream", "Transfer-Encoding": "chunked" }).end();
    return;
  }
  if ("allow" in found) return sendText(response, 405, "405: Method Not Allowed", { Allow: found.allow });

  const body = await read(request, maxUploadBytes);
  if (!body) return sendText(response, 413, `Maximum request body size ${maxUploadBytes} exceeded.`);
  const asked = { method, path, query: url.searchParams, contentType: request.headers["content-type"] ?? "", body };
  send(response, found.route(asked, site, found.rest), method === "HEAD");
}

/** Counts a request; its path without `/api`, under which every route lies once more. */
export function notice(request: IncomingMessage, control: Control) {
  const url = new URL(request.url ?? "/", "http://localhost");
  const path = url.pathname.replace(/^\/api(?=\/)/, "");
  const underApi = path !== url.pathname;
  const method = request.method ?? "GET";
  const key = `${method} ${path}`;
  control.counts.requests.set(key, (control.counts.requests.get(key) ?? 0) + 1);
  control.changed();
  return { url, path, method, key, underApi };
}

type Found = { readonly route: (typeof ROUTES)[string][string]; readonly rest: string };

/** The routes of this version; those of jobs lie under `/api` alone. */
function routesOf({ features, jobs }: Traits, underApi: boolean): typeof ROUTES {
  const shown: typeof ROUTES = jobs !== "none" && underApi ? { ...ROUTES, ...JOB_ROUTES[jobs] } : ROUTES;
  if (features) return shown;
  const { "/features": _, ...older } = shown;
  return older;
}

function routeFor(path: string, method: string, routes: typeof ROUTES): Found | "absent" | { readonly allow: string } {
  const slash = path.indexOf("/", 1);
  const parent = path.slice(0, slash + 1);
  const rest = decodeURIComponent(path.slice(slash + 1));
  const methods = routes[path.endsWith("/") ? "" : path] ?? (slash > 0 && rest !== "" ? routes[parent] : undefined);
  // The folder of web files stands for every path, and knows GET alone.
  if (!methods) return method === "GET" || method === "HEAD" ? "absent" : { allow: "GET,HEAD" };
  const route = methods[method === "HEAD" ? "GET" : method];
  if (route) return { route, rest };
  // What GET does not have, the folder of web files answers for.
  if (method === "GET" || method === "HEAD") return "absent";
  const allow = Object.keys(methods).flatMap((each) => (each === "GET" ? ["GET", "HEAD"] : [each]));
  return { allow: allow.join(",") };
}

/** The whole body; undefined where it is too large, once it has been read to its end. */
async function read(request: IncomingMessage, bytesMax: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= bytesMax) chunks.push(chunk);
  }
  return size <= bytesMax ? Buffer.concat(chunks) : undefined;
}

function send(response: ServerResponse, reply: Reply, head: boolean): void {
  if (reply.drop) return void response.destroy();
  if (reply.json === undefined) return void response.writeHead(reply.status, { "Content-Length": 0 }).end();
  const text = pythonJson(reply.json);
  response.writeHead(reply.status, {
    "Content-Type": "application/json; charset=utf-8",
    "Content-Length": Buffer.byteLength(text),
  });
  response.end(head ? undefined : text);
}

function sendText(response: ServerResponse, status: number, text: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "Content-Type": TEXT, "Content-Length": Buffer.byteLength(text), ...headers }).end(text);
}

/** On a loopback address a page of another origin is turned away, by later versions any page of another site. */
export function isForeign({ headers }: IncomingMessage, { crossSite }: Traits): boolean {
  if (crossSite === "refused" && headers["sec-fetch-site"] === "cross-site") return true;
  if (!headers.origin || !headers.host || !URL.canParse(headers.origin)) return false;
  const [host, origin] = [new URL(`http://${headers.host}`), new URL(headers.origin)];
  const loopback = host.hostname === "localhost" || host.hostname.startsWith("127.") || host.hostname === "[::1]";
  if (!loopback || origin.host === "") return false;
  const names = host.port === "" || origin.port === "";
  return names ? host.hostname !== origin.hostname : host.host !== origin.host;
}

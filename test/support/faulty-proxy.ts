/**
 * A proxy on loopback between the daemon and a ComfyUI that loses, holds back and cuts what passes, so that the server
 * itself stays honest. It also shapes the line: a latency before each request, and so many bytes a second going up.
 */
import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request as requestOf, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Each strikes the next request it fits.
 *
 *   lose-post       drops a POST /prompt before it is delivered
 *   lose-reply      delivers a POST /prompt and cuts the connection instead of answering
 *   gateway-reply   delivers a POST /prompt and answers 502
 *   slow-reply      delivers a POST /prompt and answers when nobody waits any more
 *   late-post       holds a POST /prompt back until its prompt was looked for twice, then delivers it
 *   cut-upload      cuts an upload half-way
 *   cut-view        cuts a download half-way
 *   answer-500      answers a question with 500 without asking the server
 *   answer-502      answers any request with 502 without asking the server
 */
export const PROXY_FAULTS = [
  "lose-post",
  "lose-reply",
  "gateway-reply",
  "slow-reply",
  "late-post",
  "cut-upload",
  "cut-view",
  "answer-500",
  "answer-502",
] as const;
export type ProxyFault = (typeof PROXY_FAULTS)[number];

export type FaultyProxyOptions = {
  readonly target: string;
  /** Beyond what the client waits for an answer. */
  readonly slowMs?: number;
  readonly latencyMs?: number;
  readonly uploadBytesPerSecond?: number;
};

export type FaultyProxy = {
  readonly url: string;
  arm(fault: ProxyFault): void;
  /** How often each fault struck. */
  readonly struck: ReadonlyMap<ProxyFault, number>;
  /** Prompts that were delivered after the client had looked for them twice in vain. */
  readonly late: readonly string[];
  requests(): number;
  /** Resolves when that many requests have come. */
  reached(requests: number): Promise<void>;
  /** Breaks every connection, sockets too; new ones are taken. */
  cut(): void;
  close(): Promise<void>;
};

type Held = { readonly pid: string; readonly head: IncomingMessage; readonly body: Buffer; looks: number };

type Line = {
  readonly options: FaultyProxyOptions;
  readonly target: URL;
  readonly agent: Agent;
  readonly armed: ProxyFault[];
  readonly held: Set<Held>;
  readonly late: string[];
  strike(fault: ProxyFault): boolean;
  /** When the next byte may go up. */
  freeAt: number;
};

const LOOKS_BEFORE_DELIVERY = 2;

export async function startFaultyProxy(options: FaultyProxyOptions): Promise<FaultyProxy> {
  const struck = new Map<ProxyFault, number>();
  const line: Line = {
    options,
    target: new URL(options.target),
    agent: new Agent({ keepAlive: true }),
    armed: [],
    held: new Set(),
    late: [],
    freeAt: 0,
    strike(fault) {
      const at = line.armed.indexOf(fault);
      if (at < 0) return false;
      line.armed.splice(at, 1);
      struck.set(fault, (struck.get(fault) ?? 0) + 1);
      return true;
    },
  };
  let requests = 0;
  const waiting = new Set<() => void>();
  const connections = new Set<Socket>();
  const server = createServer((request, response) => {
    requests++;
    for (const look of [...waiting]) look();
    const { socket } = request; // an answered request forgets its own
    pass(line, request, response).catch(() => socket.destroy()); // as whatever broke looks from outside
  });
  server.keepAliveTimeout = 60_000;
  server.on("connection", (socket) => {
    connections.add(socket);
    socket.on("close", () => connections.delete(socket)).on("error", () => socket.destroy());
  });
  server.on("upgrade", (request, socket, head) => tunnel(line, request, socket as Socket, head));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = () => {
    for (const socket of connections) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arm: (fault) => void line.armed.push(fault),
    struck,
    late: line.late,
    requests: () => requests,
    reached: (wanted) =>
      new Promise((resolve) => {
        const look = () => {
          if (requests < wanted) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    cut,
    async close() {
      cut();
      line.agent.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

async function pass(line: Line, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { strike, options } = line;
  const path = (request.url ?? "/").split("?")[0]!;
  const isPost = request.method === "POST";
  if (options.latencyMs) await sleep(options.latencyMs);
  if (strike("answer-502")) return plain(response, 502);
  if (!isPost && !path.startsWith("/view") && strike("answer-500")) return plain(response, 500);
  if (isPost && path === "/prompt") return passPrompt(line, request, response);
  if (path === "/upload/image") return passUpload(line, request, response);

  const answer = await deliver(line, request, await bodyOf(request));
  const cutsHere = path === "/view" && request.method === "GET" && answer.status === 200 && strike("cut-view");
  if (cutsHere) {
    response.writeHead(answer.status, answer.headers);
    response.write(answer.body.subarray(0, answer.body.length >> 1), () => response.destroy());
  } else send(response, answer);
  const looked = /^\/history\/(.+)$/.exec(path)?.[1];
  for (const one of line.held) if (one.pid === looked && answer.status === 200) await lookedFor(line, one);
}

async function passPrompt(line: Line, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { strike, options } = line;
  const body = await bodyOf(request);
  if (strike("lose-post")) return void request.socket.destroy();
  if (strike("late-post")) {
    const pid = String(JSON.parse(body.toString("utf8")).prompt_id);
    line.held.add({ pid, head: request, body, looks: 0 });
    return;
  }
  const answer = await deliver(line, request, body);
  if (strike("lose-reply")) return void request.socket.destroy();
  if (strike("gateway-reply")) return plain(response, 502);
  if (strike("slow-reply")) await sleep(options.slowMs ?? 0);
  send(response, answer);
}

async function lookedFor(line: Line, held: Held): Promise<void> {
  held.looks++;
  if (held.looks < LOOKS_BEFORE_DELIVERY) return;
  line.held.delete(held);
  const { status } = await deliver(line, held.head, held.body);
  if (status === 200) line.late.push(held.pid);
}

/** At the line's speed, and only half of it where it is to be cut. */
async function passUpload(line: Line, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { strike, target, agent, options } = line;
  const cutAt = strike("cut-upload") ? Number(request.headers["content-length"] ?? 2) >> 1 : Number.POSITIVE_INFINITY;
  const up = requestOf(target, {
    path: request.url,
    method: "POST",
    headers: { ...request.headers, host: target.host },
    agent,
  });
  const answered = once(up, "response") as Promise<[IncomingMessage]>;
  // Heard by whoever awaits it; a cut upload is awaited by nobody.
  answered.catch(() => undefined);
  let passed = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    passed += chunk.length;
    if (passed >= cutAt) {
      up.destroy();
      return void request.socket.destroy();
    }
    if (options.uploadBytesPerSecond) {
      const now = performance.now();
      line.freeAt = Math.max(line.freeAt, now) + (1_000 * chunk.length) / options.uploadBytesPerSecond;
      if (line.freeAt - now > 1) await sleep(line.freeAt - now);
    }
    if (!up.write(chunk)) await Promise.race([once(up, "drain"), answered]);
  }
  up.end();
  const [answer] = await answered;
  send(response, { status: answer.statusCode ?? 502, headers: answer.headers, body: await bodyOf(answer) });
}

type Delivered = { readonly status: number; readonly headers: IncomingMessage["headers"]; readonly body: Buffer };

async function deliver({ target, agent }: Line, { url, method, headers }: IncomingMessage, body: Buffer) {
  const up = requestOf(target, { path: url, method, headers: { ...headers, host: target.host }, agent });
  up.end(body);
  const [answer] = (await once(up, "response")) as [IncomingMessage];
  return { status: answer.statusCode ?? 502, headers: answer.headers, body: await bodyOf(answer) };
}

function send(response: ServerResponse, { status, headers, body }: Delivered): void {
  const { connection: _, "keep-alive": __, ...kept } = headers;
  response.writeHead(status, kept).end(body);
}

function plain(response: ServerResponse, status: number): void {
  const text = `${status}: answered by the proxy`;
  response.writeHead(status, { "Content-Type": "text/plain", "Content-Length": text.length }).end(text);
}

async function bodyOf(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function tunnel({ target }: Line, request: IncomingMessage, socket: Socket, head: Buffer): void {
  const up = connect(Number(target.port), target.hostname, () => {
    const lines = [`${request.method} ${request.url} HTTP/1.1`];
    for (let at = 0; at < request.rawHeaders.length; at += 2) {
      const name = request.rawHeaders[at]!;
      lines.push(`${name}: ${/^host$/i.test(name) ? target.host : request.rawHeaders[at + 1]}`);
    }
    up.write(`${lines.join("\r\n")}\r\n\r\n`);
    up.write(head);
    up.pipe(socket);
    socket.pipe(up);
  });
  up.on("error", () => socket.destroy()).on("close", () => socket.destroy());
  socket.on("error", () => up.destroy()).on("close", () => up.destroy());
}

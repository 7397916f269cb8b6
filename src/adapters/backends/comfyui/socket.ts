/**
 * The WebSocket to one ComfyUI. It only nudges: what it hears makes us look sooner and decides nothing.
 * Every connection has a fresh client id, since a server that notices a dead one late makes its successor deaf.
 * The server sends no pings, so we do; a line that stays silent is dropped and made anew.
 */
import WebSocket from "ws";
import type { Clock, Ids, Log } from "../../../ports.ts";
import { FEATURES, type Heard, previewIn, understand } from "./frames.ts";
import { trusting } from "./http.ts";

/** Somebody's preview frames reach us too; a frame above this ends the connection. */
const FRAME_BYTES_MAX = 64 * 1024 * 1024;
const UNANSWERED_MAX = 2;
const RECONNECT_MS_MAX = 30_000;
const GOODBYE_MS = 500;

export type SocketOptions = {
  /** http(s)://…, without a slash at the end. */
  readonly url: string;
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly ca?: string | undefined;
  readonly connectMs: number;
  readonly idleMs: number;
  readonly reconnectMs: number;
};

export type Socket = {
  start(): void;
  /** Of this connection, or of the next one while there is none. */
  clientId(): string;
  isOpen(): boolean;
  close(): Promise<void>;
};

type Wiring = { readonly clock: Clock; readonly ids: Ids; readonly log: Log; readonly hear: (heard: Heard) => void };

type Line = Wiring & {
  readonly options: SocketOptions;
  readonly stop: AbortController;
  clientId: string;
  open: boolean;
  running: Promise<void> | undefined;
};

export function connectSocket(options: SocketOptions, wiring: Wiring): Socket {
  const stop = new AbortController();
  const line: Line = { ...wiring, options, stop, clientId: wiring.ids.uuid(), open: false, running: undefined };
  return {
    start() {
      if (stop.signal.aborted) return;
      line.running ??= run(line).catch((thrown: unknown) => {
        line.log.error({ url: options.url, reason: String(thrown) }, "socket loop ended");
      });
    },
    clientId: () => line.clientId,
    isOpen: () => line.open,
    async close() {
      stop.abort();
      await line.running;
    },
  };
}

/** Connects for as long as nobody stops it. */
async function run(line: Line): Promise<void> {
  const { options, stop, clock, ids } = line;
  let failures = 0;
  while (!stop.signal.aborted) {
    const opened = await session(line);
    line.open = false;
    line.clientId = ids.uuid();
    failures = opened ? 0 : failures + 1;
    const backoffMs = Math.min(RECONNECT_MS_MAX, options.reconnectMs * 2 ** Math.min(failures, 10));
    if (!stop.signal.aborted) await clock.sleep(backoffMs * (0.5 + ids.random() / 2), stop.signal);
  }
}

/** One connection from dial to end; says whether it ever opened. */
async function session(line: Line): Promise<boolean> {
  const { options, stop, clock, log, hear } = line;
  let opened = false;
  const ended = new AbortController();
  const socket = new WebSocket(`${options.url.replace(/^http/, "ws")}/ws?clientId=${line.clientId}`, {
    handshakeTimeout: options.connectMs,
    maxPayload: FRAME_BYTES_MAX,
    perMessageDeflate: false,
    ...trusting(options.ca),
    headers: { ...options.headers, ...(options.token && { authorization: `Bearer ${options.token}` }) },
  });
  socket.on("error", (error) => log.debug({ url: options.url, reason: error.message }, "socket failed"));
  socket.on("message", (frame, isBinary) => {
    const heard = isBinary ? previewIn(frame as Buffer) : understand(frame.toString());
    if (heard) hear(heard);
  });
  socket.once("open", () => {
    opened = line.open = true;
    socket.send(FEATURES); // heeded only as the first frame
    log.debug({ url: options.url, client: line.clientId }, "socket open");
    hear({ kind: "queue" });
  });
  // A clean goodbye first, so that the server notices; then the line is cut.
  const leave = () => {
    socket.close(1000);
    void clock.sleep(GOODBYE_MS, ended.signal).then(() => socket.terminate());
  };
  stop.signal.addEventListener("abort", leave, { once: true, signal: ended.signal });
  const pinging = keepAlive(socket, line, ended.signal);
  await new Promise<void>((resolve) => socket.once("close", () => resolve()));
  ended.abort();
  await pinging;
  return opened;
}

async function keepAlive(socket: WebSocket, { options, clock, log }: Line, ended: AbortSignal): Promise<void> {
  let unanswered = 0;
  socket.on("pong", () => {
    unanswered = 0;
  });
  while (!ended.aborted) {
    await clock.sleep(options.idleMs, ended);
    if (ended.aborted || socket.readyState !== WebSocket.OPEN) continue;
    if (unanswered >= UNANSWERED_MAX) {
      log.debug({ url: options.url, unanswered }, "socket silent");
      socket.terminate();
      return;
    }
    unanswered++;
    socket.ping();
  }
}

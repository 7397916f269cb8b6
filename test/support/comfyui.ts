/**
 * A stand-in ComfyUI: a real HTTP and WebSocket server on loopback that answers as ComfyUI 0.3.64 does, keeps files on
 * disk, queue and history in memory, paints a known look instead of running a model, and misbehaves on command.
 * `test/contract/comfyui-rules-*.test.ts` and `comfyui-server.test.ts` hold it to what the real one was seen to do.
 */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { folders } from "./comfyui/files.ts";
import { passFront } from "./comfyui/front.ts";
import { httpServer, isForeign, notice } from "./comfyui/http.ts";
import { catalogue } from "./comfyui/nodes.ts";
import {
  type ComfyuiOptions,
  type Control,
  type Counts,
  type Fault,
  type Flaws,
  faults,
  type Look,
} from "./comfyui/options.ts";
import { WARM } from "./comfyui/pixels.ts";
import { sockets } from "./comfyui/sockets.ts";
import { traitsOf } from "./comfyui/versions.ts";
import { worker } from "./comfyui/worker.ts";

export type { ComfyuiOptions, Fault, Flaws, Look } from "./comfyui/options.ts";
export { FAULTS } from "./comfyui/options.ts";
export { WARM } from "./comfyui/pixels.ts";

const UPLOAD_BYTES_MAX = 104_857_600;
const RENDER_MS = 5;
const UNTIL_MS = 20_000;

export type Comfyui = Counts & {
  readonly url: string;
  readonly port: number;
  /** Holds `input`, `output` and `temp`. */
  readonly dir: string;
  /** Turns a fault on for so many occasions, or until `heal`. */
  misbehave(fault: Fault, times?: number): void;
  heal(fault?: Fault): void;
  /** Every render waits at its sampler until `release`. */
  hold(): void;
  release(): void;
  setLook(look: Look): void;
  setFlaws(flaws: Flaws): void;
  setRenderMs(renderMs: number): void;
  /** Closes every socket without a close frame; HTTP goes on. */
  dropSockets(): void;
  socketCount(): number;
  /** Running and pending. */
  remaining(): number;
  /** As `kill -9`: connections break, queue, history and cache are gone, files stay. Connections are refused until `start`. */
  kill(): Promise<void>;
  /** Starts again on the same port; `temp` is wiped. */
  start(): Promise<void>;
  restart(): Promise<void>;
  /** Waits until the condition holds, looking whenever anything happens here. */
  until(condition: (server: Comfyui) => boolean): Promise<void>;
  /** Stops for good, and removes the folder where the server made it. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

type Life = {
  readonly kill: () => Promise<void>;
  readonly drop: () => void;
  readonly socketCount: () => number;
  readonly remaining: () => number;
};

export async function startComfyui(options: ComfyuiOptions = {}): Promise<Comfyui> {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), "hotgrade-comfyui-"));
  const counts: Counts = {
    renders: [],
    prompts: [],
    atOnce: [],
    spans: [],
    uploads: [],
    views: [],
    requests: new Map(),
  };
  const waiting = new Set<() => void>();
  const control: Control = {
    options,
    traits: traitsOf(options),
    faults: faults(),
    counts,
    look: options.look ?? WARM,
    flaws: options.flaws ?? {},
    renderMs: options.renderMs ?? RENDER_MS,
    gate: undefined,
    changed() {
      for (const look of waiting) look();
    },
  };
  let port = options.port ?? 0;
  let life: Life | undefined;
  const start = async () => {
    if (life) return;
    const [begun, taken] = await live(control, dir, port);
    port = taken;
    life = begun;
  };
  const kill = async () => {
    await life?.kill();
    life = undefined;
  };
  const release = () => {
    control.gate?.open();
    control.gate = undefined;
  };
  const close = async () => {
    release();
    await kill();
    if (options.dir === undefined) rmSync(dir, { recursive: true, force: true });
  };
  await start();
  const server: Comfyui = {
    ...counts,
    url: `${options.tls ? "https" : "http"}://127.0.0.1:${port}${options.prefix ?? ""}`,
    port,
    dir,
    misbehave: (fault, times = Number.POSITIVE_INFINITY) => control.faults.set(fault, times),
    heal: (fault) => control.faults.heal(fault),
    hold() {
      if (control.gate) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      control.gate = { opened: promise, open: resolve };
    },
    release,
    setLook(look) {
      control.look = look;
    },
    setFlaws(flaws) {
      control.flaws = flaws;
    },
    setRenderMs(renderMs) {
      control.renderMs = renderMs;
    },
    dropSockets: () => life?.drop(),
    socketCount: () => life?.socketCount() ?? 0,
    remaining: () => life?.remaining() ?? 0,
    kill,
    start,
    async restart() {
      await kill();
      await start();
    },
    until: (condition) => until(() => condition(server), waiting),
    close,
    [Symbol.asyncDispose]: close,
  };
  return server;
}

/** From a start to a kill. */
async function live(control: Control, dir: string, port: number): Promise<readonly [Life, number]> {
  const { options } = control;
  const maxUploadBytes = options.maxUploadBytes ?? UPLOAD_BYTES_MAX;
  const files = folders(dir);
  files.wipeTemp();
  const nodes = catalogue(options);
  const connected = sockets(control, maxUploadBytes);
  const working = worker(control, files, nodes, connected);
  const http = httpServer({ control, folders: files, nodes, worker: working, maxUploadBytes });
  // The HTTP server lets go of a connection that asks for an upgrade, but does not close before it has ended.
  const upgrading = new Set<Duplex>();
  http.on("upgrade", (request, socket, head) => {
    upgrading.add(socket);
    socket.on("close", () => upgrading.delete(socket));
    socket.on("error", () => socket.destroy());
    const front = passFront(request, options);
    if (front.status !== 200)
      return void socket.end(`HTTP/1.1 ${front.status} Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
    const { path } = notice(request, control);
    if (control.faults.take("stall")) return;
    const refused = isForeign(request, control.traits) ? "403 Forbidden" : path === "/ws" ? undefined : "404 Not Found";
    if (refused || control.faults.on("not-comfyui"))
      socket.end(`HTTP/1.1 ${refused ?? "404 Not Found"}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
    else connected.upgrade(request, socket, head, (clientId) => working.greetings(clientId));
  });
  http.listen(port, "127.0.0.1");
  await once(http, "listening");
  const life: Life = {
    async kill() {
      working.kill();
      connected.drop();
      const closed = once(http, "close");
      http.close();
      http.closeAllConnections();
      for (const socket of upgrading) socket.destroy();
      await closed;
      // Clients of the same process hear of it before the next thing happens.
      await nextTurn();
      await nextTurn();
      control.changed();
    },
    drop: () => connected.drop(),
    socketCount: () => connected.count(),
    remaining: () => working.remaining(),
  };
  return [life, (http.address() as AddressInfo).port];
}

function until(condition: () => boolean, waiting: Set<() => void>): Promise<void> {
  if (condition()) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const look = () => {
      if (condition()) end(resolve);
    };
    const timer = setTimeout(
      () => end(() => reject(new Error(`waited ${UNTIL_MS} ms in vain: ${condition}`))),
      UNTIL_MS,
    );
    const end = (settle: () => void) => {
      clearTimeout(timer);
      waiting.delete(look);
      settle();
    };
    waiting.add(look);
  });
}

/** A bare client for the suites that question a ComfyUI, stand-in or real: requests as they are, sockets that remember. */
import { randomUUID } from "node:crypto";
import { request } from "node:http";
import { WebSocket } from "ws";

export type Heard = { readonly type: string; readonly data: Record<string, unknown> };
export type Client = ReturnType<typeof clientOf>;
export type Socket = {
  readonly clientId: string | undefined;
  readonly heard: readonly Heard[];
  readonly frames: readonly Buffer[];
  until(condition: () => boolean): Promise<void>;
  closeCode(): number | undefined;
  send(data: string | Buffer): void;
  pong(): Promise<void>;
  close(): Promise<void>;
};
export type Answered = {
  readonly status: number;
  readonly text: string;
  readonly json: unknown;
  readonly headers: Headers;
};

const HEARD_MS = 20_000;

export function clientOf(url: string) {
  const posted: string[] = [];
  async function ask(
    method: string,
    path: string,
    body?: string | FormData,
    headers: Record<string, string> = {},
  ): Promise<Answered> {
    const response = await fetch(url + path, { method, headers, ...(body === undefined ? {} : { body }) });
    const text = await response.text();
    const json = parsed(text);
    if (path === "/prompt" && method === "POST" && response.status === 200)
      posted.push((json as { prompt_id: string }).prompt_id);
    return { status: response.status, text, json, headers: response.headers };
  }
  const get = (path: string, headers?: Record<string, string>) => ask("GET", path, undefined, headers);
  const post = (path: string, json: unknown) => ask("POST", path, JSON.stringify(json));

  return {
    url,
    ask,
    get,
    post,
    /** Takes every prompt of this client out of queue and history, and ends the one that runs where that is safe. */
    async tidy(interruptsByName: boolean): Promise<void> {
      await post("/queue", { delete: posted });
      if (interruptsByName) for (const prompt_id of posted) await post("/interrupt", { prompt_id });
      const isIdle = async () => {
        const { queue_running } = (await get("/queue")).json as { queue_running: [number, string][] };
        return !queue_running.some(([, promptId]) => posted.includes(promptId));
      };
      for (const until = Date.now() + HEARD_MS; Date.now() < until; ) if (await isIdle()) break;
      await post("/history", { delete: posted });
    },
    /** The bytes of a file of the server. */
    async bytes(query: string, headers: Record<string, string> = {}): Promise<{ response: Response; bytes: Buffer }> {
      const response = await fetch(`${url}/view?${query}`, { headers });
      return { response, bytes: Buffer.from(await response.arrayBuffer()) };
    },
    async upload(name: string, bytes: Uint8Array, fields: Record<string, string> = {}): Promise<Answered> {
      const form = new FormData();
      form.append("image", new Blob([Uint8Array.from(bytes)], { type: "image/png" }), name);
      for (const [key, value] of Object.entries(fields)) form.append(key, value);
      return ask("POST", "/upload/image", form);
    },
    /** A request with headers `fetch` does not let through. */
    bare(method: string, path: string, headers: Record<string, string>): Promise<number> {
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      request(url + path, { method, headers }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
        .on("error", reject)
        .end();
      return promise;
    },
    /** Waits until nothing is queued, and the socket has heard of it. */
    async idle(socket: Socket): Promise<void> {
      for (;;) {
        const { exec_info } = (await get("/prompt")).json as { exec_info: { queue_remaining: number } };
        if (exec_info.queue_remaining === 0) break;
      }
      await socket.pong();
    },
    async history(promptId: string): Promise<Record<string, unknown> | undefined> {
      const { json } = await get(`/history/${encodeURIComponent(promptId)}`);
      return (json as Record<string, Record<string, unknown>>)[promptId];
    },
    /** Posts a graph for a socket's client and waits for its end; resolves to all the client heard of it. */
    async run(
      socket: Socket,
      prompt: unknown,
      more: Record<string, unknown> = {},
    ): Promise<{ promptId: string; heard: readonly Heard[] }> {
      const promptId = (more.prompt_id as string | undefined) ?? randomUUID();
      const from = socket.heard.length;
      const { status, text } = await post("/prompt", {
        prompt,
        prompt_id: promptId,
        client_id: socket.clientId,
        ...more,
      });
      if (status !== 200) throw new Error(`refused: ${text}`);
      await socket.until(() => socket.heard.slice(from).some((heard) => isEndOf(heard, promptId)));
      return { promptId, heard: socket.heard.slice(from) };
    },
    /** An open socket that has been greeted. */
    async socket(clientId: string = randomUUID(), options: { readonly flags?: unknown } = {}): Promise<Socket> {
      const socket = new WebSocket(`${url.replace("http", "ws")}/ws${clientId === "" ? "" : `?clientId=${clientId}`}`);
      const heard: Heard[] = [];
      const frames: Buffer[] = [];
      const waiting = new Set<() => void>();
      let closed: number | undefined;
      socket.on("message", (data, isBinary) => {
        if (isBinary) frames.push(data as Buffer);
        else heard.push(JSON.parse(data.toString()) as Heard);
        for (const look of waiting) look();
      });
      socket.on("error", () => {});
      socket.on("close", (code) => {
        closed = code;
        for (const look of waiting) look();
      });
      if (options.flags !== undefined)
        socket.on("open", () => socket.send(JSON.stringify({ type: "feature_flags", data: options.flags })));
      const until = (condition: () => boolean): Promise<void> => {
        if (condition()) return Promise.resolve();
        const { promise, resolve, reject } = Promise.withResolvers<void>();
        const look = () => condition() && resolve();
        const timer = setTimeout(() => reject(new Error(`heard in vain for ${HEARD_MS} ms: ${condition}`)), HEARD_MS);
        waiting.add(look);
        return promise.finally(() => {
          clearTimeout(timer);
          waiting.delete(look);
        });
      };
      await until(() => heard.length > 0 || closed !== undefined);
      const sid = heard[0]?.data.sid as string | undefined;
      return {
        clientId: clientId || sid,
        heard,
        frames,
        until,
        closeCode: () => closed,
        send: (data: string | Buffer) => socket.send(data),
        /** Everything sent before has been heard by then; a socket that closes instead has, too. */
        async pong(): Promise<void> {
          let answered = false;
          socket.once("pong", () => {
            answered = true;
            for (const look of waiting) look();
          });
          if (socket.readyState === socket.OPEN) socket.ping();
          await until(() => answered || closed !== undefined);
        },
        async close(): Promise<void> {
          socket.close();
          await until(() => closed !== undefined);
        },
      };
    },
  };
}

export function isEndOf({ type, data }: Heard, promptId: string): boolean {
  return type === "executing" && data.node === null && data.prompt_id === promptId;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

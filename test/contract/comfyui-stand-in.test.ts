/** What only the stand-in ComfyUI can be asked beyond the numbered rules: queue order, stand-in models, misbehaviour. */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { latticeOf } from "../../src/core/lut/lattice.ts";
import { parseGraph } from "../../src/core/workflow/graph.ts";
import { fillGraph } from "../../src/core/workflow/patch.ts";
import { findSlots } from "../../src/core/workflow/slots.ts";
import { type Client, clientOf, isEndOf, type Socket } from "../support/comfyui/client.ts";
import { type Comfyui, startComfyui } from "../support/comfyui.ts";

const ROOT = join(import.meta.dirname, "../..");
const SHIPPED = ["kontext-color-grade", "flux2-klein-color-grade", "flux2-dev", "qwen-color-grade"];

let server: Comfyui;
let client: Client;
let socket: Socket;
let plate: Buffer;

beforeAll(async () => {
  server = await startComfyui();
  client = clientOf(server.url);
  const levels = Uint8Array.from({ length: 64 * 48 * 3 }, (_, at) => (at * 31) % 256);
  plate = await sharp(levels, { raw: { width: 64, height: 48, channels: 3 } })
    .png()
    .toBuffer();
  await client.upload("in.png", plate);
  socket = await client.socket();
});
afterEach(async () => {
  server.release();
  server.heal();
  await server.start();
  await client.post("/queue", { clear: true });
  await client.post("/interrupt", {});
  await server.until(() => server.remaining() === 0);
  await socket.pong();
  if (socket.closeCode() !== undefined) socket = await client.socket();
});
afterAll(async () => {
  await socket.close();
  await server.close();
});

/** A render of `steps` steps on the small plate. */
const render = (prefix: string, steps = 3) => ({
  1: { class_type: "LoadImage", inputs: { image: "in.png" } },
  2: { class_type: "VAELoader", inputs: { vae_name: "ae.safetensors" } },
  3: { class_type: "VAEEncode", inputs: { pixels: ["1", 0], vae: ["2", 0] } },
  4: { class_type: "CLIPLoader", inputs: { clip_name: "qwen_3_4b.safetensors", type: "flux2" } },
  5: { class_type: "CLIPTextEncode", inputs: { text: prefix, clip: ["4", 0] } },
  6: { class_type: "UNETLoader", inputs: { unet_name: "flux-2-klein-4b-fp8.safetensors", weight_dtype: "default" } },
  7: {
    class_type: "KSampler",
    inputs: {
      ...{ model: ["6", 0], seed: 1, steps, cfg: 1, sampler_name: "euler", scheduler: "simple", denoise: 1 },
      ...{ positive: ["5", 0], negative: ["5", 0], latent_image: ["3", 0] },
    },
  },
  8: { class_type: "VAEDecode", inputs: { samples: ["7", 0], vae: ["2", 0] } },
  9: { class_type: "SaveImage", inputs: { images: ["8", 0], filename_prefix: `t/${prefix}` } },
});
const post = async (prompt_id: string, more: Record<string, unknown> = {}): Promise<number> => {
  const { json } = await client.post("/prompt", {
    prompt: render(prompt_id),
    prompt_id,
    client_id: socket.clientId,
    ...more,
  });
  return (json as { number: number }).number;
};
const pending = async (): Promise<readonly string[]> =>
  ((await client.get("/queue")).json as { queue_pending: [number, string][] }).queue_pending.map(([, id]) => id);
const ended = (promptId: string) => socket.until(() => socket.heard.some((heard) => isEndOf(heard, promptId)));
const messages = async (promptId: string) =>
  ((await client.history(promptId))!.status as { messages: [string, Record<string, unknown>][] }).messages;
const rendering = (count = 1) => {
  const from = server.renders.length;
  return () => server.until(({ renders }) => renders.length >= from + count);
};

describe("the queue", () => {
  test("runs by number, the front ones first, and lists in heap order", async () => {
    const from = socket.heard.length;
    server.hold();
    const begun = rendering();
    const first = await post("blocker");
    await begun();
    for (const [id, more] of [
      ["n1", {}],
      ["n2", {}],
      ["front1", { front: true }],
      ["front2", { front: true }],
      ["low", { number: -1e9 }],
      ["half", { number: first - 0.5 }],
      ["last", { front: false }],
    ] as const)
      await post(id, more);
    expect(await pending()).toEqual(["low", "front2", "half", "n2", "front1", "n1", "last"]);
    server.release();
    await ended("last");
    const started = socket.heard
      .slice(from)
      .filter(({ type }) => type === "execution_start")
      .map(({ data }) => data.prompt_id);
    expect(started).toEqual(["blocker", "low", "front2", "front1", "half", "n1", "n2", "last"]);
  });

  test("keeps the order of the history, in pages", async () => {
    await client.post("/history", { clear: true });
    for (const id of ["h0", "h1", "h2", "h3"]) await client.run(socket, render(id), { prompt_id: id });
    const page = async (query: string) => Object.keys((await client.get(`/history${query}`)).json as object);
    expect(await page("")).toEqual(["h0", "h1", "h2", "h3"]);
    expect(await page("?max_items=2")).toEqual(["h2", "h3"]);
    expect(await page("?max_items=2&offset=1")).toEqual(["h1", "h2"]);
    expect(await page("?offset=3")).toEqual(["h3"]);
    await client.post("/history", { delete: ["h1", "nobody"] });
    expect(await page("")).toEqual(["h0", "h2", "h3"]);
  });
});

describe("the socket", () => {
  test("brings steps and previews, with metadata where asked for", async () => {
    const flagged = await client.socket(undefined, { flags: { supports_preview_metadata: true } });
    await client.run(flagged, render("meta", 2));
    expect(flagged.frames.map((frame) => frame.readUInt32BE(0))).toEqual([4, 4]);
    const length = flagged.frames[0]!.readUInt32BE(4);
    expect(JSON.parse(flagged.frames[0]!.subarray(8, 8 + length).toString())).toMatchObject({
      node_id: "7",
      image_type: "image/jpeg",
    });
    await flagged.close();

    const from = socket.frames.length;
    const { heard } = await client.run(socket, render("plain", 2));
    expect(
      heard.filter(({ type }) => type === "progress").map(({ data }) => [data.value, data.max, data.node]),
    ).toEqual([
      [1, 2, "7"],
      [2, 2, "7"],
    ]); // prettier-ignore
    expect(socket.frames.slice(from).map((frame) => [frame.readUInt32BE(0), frame.readUInt32BE(4)])).toEqual([
      [1, 1],
      [1, 1],
    ]); // prettier-ignore
  });

  test("of a client whose job runs is told the node, without the prompt", async () => {
    server.hold();
    const begun = rendering();
    const clientId = randomUUID();
    await client.post("/prompt", { prompt: render("late"), client_id: clientId });
    await begun();
    const late = await client.socket(clientId);
    await late.until(() => late.heard.length >= 2);
    expect(late.heard[1]).toEqual({ type: "executing", data: { node: "7" } });
    await late.close();
  });
});

describe("a stand-in model", () => {
  test.each(SHIPPED)("of %s paints the look on the plate, and the plate on the baseline", async (name) => {
    server.setLook(latticeOf(2, (r, g, b) => [1 - r, g * 0.5, b]));
    const graph = parseGraph(readFileSync(join(ROOT, `workflows/${name}.json`), "utf8"), name);
    const pixels = Uint8Array.from({ length: 1248 * 832 * 3 }, (_, at) => (at >> 6) % 256);
    const png = await sharp(pixels, { raw: { width: 1248, height: 832, channels: 3 } })
      .png()
      .toBuffer();
    await client.upload(`${name}.png`, png);
    const before = server.renders.length;
    const prefix = `hotgrade/${name}`;
    await client.run(
      socket,
      fillGraph(graph, findSlots(graph), { image: `${name}.png`, prompt: "x", seed: 5, prefix }),
    );
    expect(server.renders.slice(before)).toEqual([{ promptId: expect.any(String), inputName: `${name}.png`, prefix }]);

    const saved = async (file: string) =>
      sharp((await client.bytes(`filename=${file}&subfolder=hotgrade`)).bytes)
        .raw()
        .toBuffer();
    const result = await saved(`${name}_00001_.png`);
    expect((await saved(`${name}-baseline_00001_.png`)).equals(Buffer.from(pixels))).toBe(true);
    const off = [0, 1, 2].map((channel) => {
      const [first, second] = [pixels[3 * 5000 + channel]!, result[3 * 5000 + channel]!];
      return Math.abs([255 - first, first / 2, first][channel]! - second);
    });
    expect(Math.max(...off)).toBeLessThanOrEqual(1);
  });

  test("takes the look from prompt and seed, and flaws as told", async () => {
    server.setLook((prompt, seed) => latticeOf(2, () => (prompt === "flat" ? [seed / 10, 0.5, 0.5] : [0, 0, 0])));
    const { promptId } = await client.run(socket, render("flat"));
    const entry = (await client.history(promptId)) as { outputs: Record<string, { images: { filename: string }[] }> };
    const { bytes } = await client.bytes(`filename=${entry.outputs["9"]!.images[0]!.filename}&subfolder=t`);
    expect([...(await sharp(bytes).raw().toBuffer()).subarray(0, 3)]).toEqual([25, 127, 127]);
    server.setFlaws({ noise: 4, shift: { x: 1, y: 0 }, zoom: 1.002, repaint: 0.05, relight: 0.2, warp: 1 });
    await client.run(socket, render("flawed"));
    server.setFlaws({});
  });
});

describe("misbehaviour", () => {
  test.each([
    ["out-of-memory", "execution_error", { exception_type: "torch.OutOfMemoryError", node_id: "7" }],
    ["node-error", "execution_error", { exception_type: "RuntimeError", node_id: "7" }],
    ["interrupt", "execution_interrupted", { node_id: "7" }],
  ] as const)("%s ends one render as %s", async (fault, type, data) => {
    server.misbehave(fault, 1);
    const { promptId } = await client.run(socket, render(fault));
    expect((await messages(promptId)).at(-1)).toMatchObject([type, data]);
    const again = await client.run(socket, render(fault));
    expect((await client.history(again.promptId))!.status).toMatchObject({ status_str: "success" });
  });

  test("kill-worker: running for ever, the next pending for ever, until a restart", async () => {
    server.misbehave("kill-worker", 1);
    await post("killer");
    await post("after");
    await socket.until(() =>
      socket.heard.some(({ type, data }) => type === "execution_start" && data.prompt_id === "killer"),
    );
    await client.post("/interrupt", {});
    const { queue_running } = (await client.get("/queue")).json as { queue_running: [number, string][] };
    expect(queue_running.map(([, id]) => id)).toEqual(["killer"]);
    expect(await pending()).toEqual(["after"]);
    await server.restart();
    expect(server.remaining()).toBe(0);
  });

  test("lose-reply takes the prompt, lose-request does not", async () => {
    const before = server.prompts.length;
    server.misbehave("lose-request", 1);
    await expect(post("unheard")).rejects.toThrow();
    expect(server.prompts.slice(before)).toEqual([]);
    server.misbehave("lose-reply", 1);
    await expect(post("unanswered")).rejects.toThrow();
    await ended("unanswered");
    expect(server.prompts.slice(before)).toEqual(["unanswered"]);
  });

  test("cut-view breaks off, truncated-view does not say so", async () => {
    server.misbehave("cut-view", 1);
    await expect(client.bytes("filename=in.png&type=input")).rejects.toThrow();
    server.misbehave("truncated-view", 1);
    const { bytes, response } = await client.bytes("filename=in.png&type=input");
    expect(Number(response.headers.get("content-length"))).toBe(bytes.length);
    expect(bytes.equals(plate.subarray(0, plate.length >> 1))).toBe(true);
  });

  test("cut-upload keeps half and says all is well", async () => {
    server.misbehave("cut-upload", 1);
    expect((await client.upload("halved.png", plate)).status).toBe(200);
    const head = await client.ask("HEAD", "/view?filename=halved.png&type=input");
    expect(Number(head.headers.get("content-length"))).toBe(plate.length >> 1);
  });

  test("stall accepts and never answers", async () => {
    server.misbehave("stall", 1);
    const stop = new AbortController();
    const answer = fetch(`${server.url}/prompt`, { signal: stop.signal });
    await server.until(({ requests }) => (requests.get("GET /prompt") ?? 0) > 0);
    stop.abort();
    await expect(answer).rejects.toThrow();
  });

  test("a stalled socket keeps no server from closing, be its client gone or still waiting", async () => {
    const stalled = await startComfyui();
    stalled.misbehave("stall");
    const dial = () => new WebSocket(`${stalled.url.replace("http", "ws")}/ws`).on("error", () => {});
    const [gone, waiting] = [dial(), dial()];
    await stalled.until(({ requests }) => requests.get("GET /ws") === 2);
    const closed = new Promise((resolve) => waiting.once("close", resolve));
    gone.terminate();
    await stalled.close();
    await closed;
  });

  test("deaf keeps the socket open and silent", async () => {
    const from = socket.heard.length;
    server.misbehave("deaf");
    await post("unheard-of");
    await server.until(() => server.remaining() === 0);
    await socket.pong();
    expect(socket.heard.length).toBe(from);
  });

  test("dropSockets breaks the sockets alone", async () => {
    server.dropSockets();
    await socket.until(() => socket.closeCode() !== undefined);
    expect((await client.get("/prompt")).status).toBe(200);
  });

  test("not-comfyui and server-error answer everything else", async () => {
    server.misbehave("not-comfyui", 1);
    expect((await client.get("/system_stats")).text).toContain("It works!");
    server.misbehave("server-error", 1);
    expect((await client.get("/system_stats")).status).toBe(500);
    expect((await client.get("/system_stats")).status).toBe(200);
  });

  test("lose-output succeeds without a file", async () => {
    server.misbehave("lose-output");
    await client.run(socket, render("gone"));
    expect((await client.bytes("filename=gone_00001_.png&subfolder=t")).response.status).toBe(404);
  });
});

describe("options", () => {
  test("an upload above the limit is 413 and leaves nothing behind", async () => {
    await using small = await startComfyui({ maxUploadBytes: 1_048_576 });
    const to = clientOf(small.url);
    expect((await to.upload("ok.bin", new Uint8Array(1_000_000))).status).toBe(200);
    const refused = await to.upload("big.bin", new Uint8Array(12_000_000));
    expect([refused.status, refused.text]).toEqual([413, "Maximum request body size 1048576 exceeded."]);
    expect((await to.ask("HEAD", "/view?filename=big.bin&type=input")).status).toBe(404);
    expect((await to.post("/prompt", { prompt: {}, pad: "x".repeat(1_200_000) })).status).toBe(413);
  });

  test("older and newer servers have their own ideas of ids and nodes", async () => {
    await using old = await startComfyui({
      promptIds: "server",
      missingNodes: ["FluxKontextImageScale"],
      version: "0.3.30",
    });
    const to = clientOf(old.url);
    await to.upload("in.png", plate);
    const { json } = await to.post("/prompt", { prompt: render("x"), prompt_id: "mine" });
    expect((json as { prompt_id: string }).prompt_id).toMatch(/^[0-9a-f-]{36}$/);
    expect((await to.get("/object_info/FluxKontextImageScale")).json).toEqual({});
    await using later = await startComfyui({ promptIds: "canonical" });
    expect((await clientOf(later.url).post("/prompt", { prompt: {}, prompt_id: "MINE" })).json).toMatchObject({
      error: { type: "invalid_prompt_id" },
    });
  });

  test("the cache keeps the last prompt's nodes, or everything, or nothing", async () => {
    for (const [kind, names] of [
      ["classic", ["A_00001_.png", "A_00001_.png", "B_00001_.png", "A_00002_.png"]],
      ["lru", ["A_00001_.png", "A_00001_.png", "B_00001_.png", "A_00001_.png"]],
      ["none", ["A_00001_.png", "A_00002_.png", "B_00001_.png", "A_00003_.png"]],
    ] as const) {
      // prettier-ignore
      await using other = await startComfyui({ cache: kind });
      const to = clientOf(other.url);
      await to.upload("in.png", plate);
      const listener = await to.socket();
      const seen: unknown[] = [];
      for (const prefix of ["A", "A", "B", "A"]) {
        const { heard } = await to.run(listener, render(prefix));
        const { output } = heard.find(({ type }) => type === "executed")!.data as {
          output: { images: { filename: string }[] };
        };
        seen.push(output.images[0]!.filename);
      }
      expect([kind, seen]).toEqual([kind, names]);
      await listener.close();
    }
  });
});

test("as a process it takes commands, dies by kill -9 and comes back with its files", async () => {
  const dir = join(server.dir, "process");
  const begin = async (port: number) => {
    const child = spawn(
      process.execPath,
      [join(ROOT, "test/support/comfyui-process.ts"), JSON.stringify({ dir, port })],
      { stdio: ["pipe", "pipe", "inherit"] },
    );
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const read = async () => JSON.parse((await lines.next()).value as string) as Record<string, unknown>;
    const tell = async (command: unknown) => {
      child.stdin.write(`${JSON.stringify(command)}\n`);
      return read();
    };
    return { child, tell, hello: (await read()) as { url: string; port: number } };
  };
  const ends = (child: ReturnType<typeof spawn>) => new Promise((resolve) => child.once("exit", resolve));

  const first = await begin(0);
  const to = clientOf(first.hello.url);
  await to.upload("in.png", plate);
  expect(await first.tell({ do: "hold" })).toEqual({ ok: true });
  await to.post("/prompt", { prompt: render("x"), prompt_id: "p" });
  expect(await first.tell({ do: "until", renders: 1 })).toMatchObject({
    ok: true,
    renders: [{ promptId: "p", inputName: "in.png", prefix: "t/x" }],
    remaining: 1,
  });
  expect(await first.tell({ do: "misbehave", fault: "nonsense" })).toMatchObject({ ok: false });
  const died = ends(first.child);
  first.child.kill("SIGKILL");
  await died;

  const second = await begin(first.hello.port);
  expect((await to.ask("HEAD", "/view?filename=in.png&type=input")).status).toBe(200);
  expect(await second.tell({ do: "counts" })).toMatchObject({ ok: true, renders: [], remaining: 0 });
  const ended = ends(second.child);
  second.child.stdin.end();
  expect(await ended).toBe(0);
  rmSync(dir, { recursive: true, force: true });
});

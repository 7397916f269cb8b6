/**
 * Routes, uploads, views, refusals and messages of a ComfyUI beyond the numbered rules (comfyui-rules-*.test.ts). They hold
 * the stand-in of test/support to recordings of ComfyUI 0.3.64; with HOTGRADE_COMFYUI_URL set the same statements question
 * that server instead (it should be idle, and gets some small files), leaving out those that need a model or misbehaviour.
 */
import { randomUUID } from "node:crypto";
import sharp from "sharp";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import prompts from "../fixtures/comfyui/prompts.json" with { type: "json" };
import { type Client, clientOf, type Socket } from "../support/comfyui/client.ts";
import { brief } from "../support/comfyui/target.ts";
import { type Comfyui, startComfyui } from "../support/comfyui.ts";

const REAL = process.env.HOTGRADE_COMFYUI_URL;
/** Another place on the server for each run of the suite. */
const FOLDER = `hotgrade-test-${randomUUID().slice(0, 8)}`;
const BROKEN = "500 Internal Server Error\n\nServer got itself in trouble";
/** By the version of its HTTP library. */
const NO_PAGE = /^(404: Not Found)?$/;

let own: Comfyui | undefined;
let client: Client;
let socket: Socket;
let ramp: Buffer;
let photo: Buffer;

beforeAll(async () => {
  own = REAL ? undefined : await startComfyui({ models: { diffusion_models: [], text_encoders: [], vae: [] } });
  client = clientOf(REAL ?? own!.url);
  const levels = Uint8Array.from({ length: 256 * 16 * 3 }, (_, at) => Math.floor(at / 3) % 256);
  ramp = await sharp(levels, { raw: { width: 256, height: 16, channels: 3 } })
    .png()
    .toBuffer();
  const pixels = Uint8Array.from({ length: 96 * 64 * 3 }, (_, at) => (at * 7919 + (at >> 4)) % 251);
  photo = await sharp(pixels, { raw: { width: 96, height: 64, channels: 3 } })
    .png()
    .toBuffer();
  await client.upload("in.png", photo, { subfolder: FOLDER });
  await client.upload("ramp.png", ramp, { subfolder: FOLDER });
  await client.upload("photo.png", photo, { subfolder: FOLDER });
  socket = await client.socket();
});
afterAll(async () => {
  if (REAL) await client.tidy(false);
  await socket.close();
  await own?.close();
});

/** Load, invert (or not), save. */
const graph = (image: string, prefix: string, middle: "ImageInvert" | null = "ImageInvert") => ({
  1: { class_type: "LoadImage", inputs: { image } },
  ...(middle ? { 2: { class_type: middle, inputs: { image: ["1", 0] } } } : {}),
  3: { class_type: "SaveImage", inputs: { images: [middle ? "2" : "1", 0], filename_prefix: `${FOLDER}/${prefix}` } },
});
const pixelsOf = async (promptId: string): Promise<Buffer> => {
  const entry = (await client.history(promptId)) as {
    outputs: Record<string, { images: { filename: string; subfolder: string }[] }>;
  };
  const [{ filename, subfolder }] = entry.outputs["3"]!.images as [{ filename: string; subfolder: string }];
  const { bytes } = await client.bytes(`filename=${filename}&subfolder=${subfolder}&type=output`);
  return sharp(bytes).raw().toBuffer();
};
describe("plain routes", () => {
  test.each([
    ["GET", "/prompt", 200, { exec_info: { queue_remaining: 0 } }],
    ["GET", "/queue", 200, { queue_running: [], queue_pending: [] }],
    ["GET", "/api/queue", 200, { queue_running: [], queue_pending: [] }],
    ["GET", `/history/${randomUUID()}`, 200, {}],
    ["GET", "/api/history/nobody", 200, {}],
    ["GET", "/history?max_items=0", 200, {}],
    ["GET", "/history?max_items=-1", 200, {}],
    ["GET", "/object_info/NoSuch", 200, {}],
  ])("%s %s answers %d", async (method, path, status, json) => {
    expect(await client.ask(method, path)).toMatchObject({ status, json });
  });

  test.each([
    ["GET", "/prompt/", 404, NO_PAGE],
    ["GET", "/nope", 404, NO_PAGE],
    ["GET", "/models/nope", 404, NO_PAGE],
    ["GET", "/upload/image", 404, NO_PAGE],
    ["GET", "/api/jobs", 404, NO_PAGE],
    ["PUT", "/prompt", 405, "405: Method Not Allowed"],
    ["DELETE", "/history", 405, "405: Method Not Allowed"],
    ["GET", "/history?max_items=x", 500, BROKEN],
    ["POST", "/queue", 500, BROKEN],
    ["POST", "/free", 500, BROKEN],
    ["HEAD", "/prompt", 200, /^$/],
    ["POST", "/interrupt", 200, /^$/],
  ])("%s %s answers %d %j", async (method, path, status, text) => {
    expect(await client.ask(method, path)).toMatchObject({ status, text: expect.stringMatching(text) });
  });

  test("a wrong method is told the right ones", async () => {
    expect((await client.ask("PUT", "/prompt")).headers.get("allow")).toBe("GET,HEAD,POST");
  });

  test("JSON comes with spaces and its length, as Python writes it", async () => {
    const { text, headers } = await client.get("/queue");
    expect(text).toBe('{"queue_running": [], "queue_pending": []}');
    expect(headers.get("content-length")).toBe("42");
    expect(headers.get("content-type")).toBe("application/json; charset=utf-8");
  });

  test("/system_stats says the version, /features the largest upload", async () => {
    const { json } = await client.get("/system_stats");
    expect(json).toMatchObject({
      system: { comfyui_version: expect.any(String) },
      devices: [{ vram_total: expect.any(Number) }],
    });
    expect((await client.get("/features")).json).toMatchObject({ max_upload_size: expect.any(Number) });
  });

  test("/object_info tells a node's inputs", async () => {
    const { json } = await client.get("/object_info/ImageScale");
    expect(json).toMatchObject({
      ImageScale: {
        input: { required: { image: ["IMAGE"], width: ["INT", { default: 512, min: 0, max: 16384, step: 1 }] } },
        input_order: { required: ["image", "upscale_method", "width", "height", "crop"] },
        output: ["IMAGE"],
        output_node: false,
      },
    });
    expect((await client.get("/object_info/SaveImage")).json).toMatchObject({
      SaveImage: { output: [], output_node: true },
    });
  });

  test("/models lists folders, and files by folder", async () => {
    expect((await client.get("/models")).json).toEqual(
      expect.arrayContaining(["vae", "text_encoders", "diffusion_models"]),
    );
    expect((await client.get("/models/diffusion_models")).json).toBeInstanceOf(Array);
    expect((await client.get("/embeddings")).json).toBeInstanceOf(Array);
  });

  test("a page of another origin is turned away on loopback", async () => {
    const { host } = new URL(client.url);
    expect(await client.bare("GET", "/prompt", { Origin: `http://${host}` })).toBe(200);
    expect(await client.bare("GET", "/prompt", { Origin: "null" })).toBe(200);
    expect(await client.bare("GET", "/prompt", { Origin: "http://evil.example" })).toBe(403);
    expect(await client.bare("GET", "/prompt", { Origin: "http://127.0.0.1:3000" })).toBe(403);
  });
});

describe("POST /upload/image", () => {
  const send = (name: string, bytes: Uint8Array, fields: Record<string, string> = {}) =>
    client.upload(name, bytes, { subfolder: FOLDER, ...fields });
  const stored = (name: string, subfolder = FOLDER, type = "input") => ({
    status: 200,
    json: { name, subfolder, type },
  });

  test("takes any bytes at all", async () => {
    expect(await send("zero.png", new Uint8Array())).toMatchObject(stored("zero.png"));
    expect(await send("half.png", photo.subarray(0, photo.length >> 1))).toMatchObject(stored("half.png"));
    expect(await send("page.html", Buffer.from("<html>"))).toMatchObject(stored("page.html"));
    expect(await send("noext", photo)).toMatchObject(stored("noext"));
  });

  test("echoes the subfolder letter by letter", async () => {
    for (const subfolder of [`${FOLDER}/sub dir`, `${FOLDER}/sub dir/`])
      expect(await send("s.png", photo, { subfolder })).toMatchObject(stored("s.png", subfolder));
  });

  test("knows three types", async () => {
    expect(await send("t.png", photo, { type: "temp" })).toMatchObject(stored("t.png", FOLDER, "temp"));
    expect(await send("o.png", photo, { type: "output" })).toMatchObject(stored("o.png", FOLDER, "output"));
    expect(await send("x.png", photo, { type: "bogus" })).toMatchObject({ status: 500, text: BROKEN });
  });

  test.each(["../x", "/etc"])("refuses the subfolder %s", async (subfolder) => {
    expect(await send("s.png", photo, { subfolder })).toMatchObject({ status: 400, text: "" });
  });

  test.each([
    [
      "a field that is not named image",
      { "Content-Type": "multipart/form-data; boundary=B" },
      '--B\r\nContent-Disposition: form-data; name="file"; filename="x.png"\r\n\r\nx\r\n--B--\r\n',
      400,
    ],
    [
      "text where the file belongs",
      { "Content-Type": "multipart/form-data; boundary=B" },
      '--B\r\nContent-Disposition: form-data; name="image"\r\n\r\nx\r\n--B--\r\n',
      500,
    ],
    [
      "a body without its end",
      { "Content-Type": "multipart/form-data; boundary=B" },
      '--B\r\nContent-Disposition: form-data; name="image"; filename="x.png"\r\n\r\nx',
      500,
    ],
    ["JSON", { "Content-Type": "application/json" }, "{}", 400],
  ])("refuses %s", async (_, headers, body, status) => {
    expect((await client.ask("POST", "/upload/image", body, headers)).status).toBe(status);
  });
});

describe("GET /view", () => {
  const where = `subfolder=${FOLDER}&type=input`;

  test("sends the file as it is, with its length and a tag", async () => {
    const { response, bytes } = await client.bytes(`filename=photo.png&${where}`);
    expect(bytes.equals(photo)).toBe(true);
    const names = ["content-type", "content-disposition", "content-length", "accept-ranges"];
    expect(names.map((name) => response.headers.get(name))).toEqual([
      "image/png",
      'filename="photo.png"',
      String(photo.length),
      "bytes",
    ]);
    const etag = response.headers.get("etag")!;
    expect(etag).toMatch(new RegExp(`^"[0-9a-f]+-${photo.length.toString(16)}"$`));
    expect((await client.bytes(`filename=photo.png&${where}`, { "If-None-Match": etag })).response.status).toBe(304);
    const since = response.headers.get("last-modified")!;
    expect((await client.bytes(`filename=photo.png&${where}`, { "If-Modified-Since": since })).response.status).toBe(
      304,
    );
  });

  test("sends a part", async () => {
    const { response, bytes } = await client.bytes(`filename=photo.png&${where}`, { Range: "bytes=0-99" });
    expect(response.status).toBe(206);
    expect(response.headers.get("content-range")).toBe(`bytes 0-99/${photo.length}`);
    expect(bytes.equals(photo.subarray(0, 100))).toBe(true);
  });

  test("answers HEAD with the length, and without a body for what is not there", async () => {
    const head = await client.ask("HEAD", `/view?filename=photo.png&${where}`);
    expect([head.status, head.headers.get("content-length"), head.text]).toEqual([200, String(photo.length), ""]);
    expect((await client.ask("HEAD", `/view?filename=nope.png&${where}`)).status).toBe(404);
  });

  test.each([
    ["filename=photo.png&subfolder=FOLDER", 404],
    ["type=input", 404],
    ["filename=&type=input", 400],
    ["filename=../photo.png&type=input", 400],
    ["filename=/etc/passwd&type=input", 400],
    ["filename=photo.png&type=bogus", 400],
    ["filename=photo.png&type=input&subfolder=../x", 403],
    ["filename=photo.png%20%5Binput%5D&subfolder=FOLDER", 200],
    ["filename=some/where/photo.png&type=input&subfolder=FOLDER", 200],
    ["filename=photo.png&type=input&subfolder=FOLDER&preview=webp;90", 200],
  ])("%s is %d", async (query, status) => {
    expect((await client.bytes(query.replace("FOLDER", FOLDER))).response.status).toBe(status);
  });

  test("a page is no page", async () => {
    await client.upload("page.html", Buffer.from("<html>"), { subfolder: FOLDER });
    const { response } = await client.bytes(`filename=page.html&${where}`);
    expect(response.headers.get("content-type")).toBe("application/octet-stream");
  });
});

describe("POST /prompt", () => {
  type Recorded = {
    about: string;
    body?: unknown;
    text?: string;
    status: number;
    error?: unknown;
    nodeErrors?: unknown;
    answer?: string;
  };
  const withoutTraceback = (json: unknown): unknown =>
    JSON.parse(JSON.stringify(json ?? null, (key, value) => (key === "traceback" ? undefined : value)));
  const cases = (prompts as readonly Recorded[]).filter(({ about }) => !REAL || !about.includes("model files absent"));

  test.each(cases)("$about: $status", async ({ body, text, status, error, nodeErrors, answer }) => {
    // On a real server nothing lies beside its owner's files.
    const sent = (text ?? JSON.stringify(body)).replaceAll('"in.png"', `"${FOLDER}/in.png"`);
    const answered = await client.ask("POST", "/prompt", sent.replaceAll('"lab/out"', `"${FOLDER}/out"`));
    expect(answered.status).toBe(status);
    if (answer !== undefined) expect(answered.text).toBe(answer);
    else
      expect(withoutTraceback(answered.json)).toMatchObject({ ...(error ? { error } : {}), node_errors: nodeErrors });
  });

  test("its content type is not looked at", async () => {
    const { promptId } = await client.run(socket, graph(`${FOLDER}/in.png`, "type"), { prompt_id: randomUUID() });
    const body = JSON.stringify({ prompt: graph(`${FOLDER}/in.png`, "type"), client_id: socket.clientId });
    const { status, json } = await client.ask("POST", "/prompt", body, { "Content-Type": "text/plain" });
    expect(status).toBe(200);
    const id = (json as { prompt_id: string }).prompt_id;
    expect(id).not.toBe(promptId);
    await socket.until(() =>
      socket.heard.some(({ type, data }) => type === "executing" && data.node === null && data.prompt_id === id),
    );
  });

  test.skipIf(REAL)("any prompt_id becomes a string", async () => {
    for (const [sent, id] of [
      [42, "42"],
      [null, "None"],
      ["", ""],
      ["a/b?c#d é", "a/b?c#d é"],
    ] as const) // prettier-ignore
      expect(
        (await client.post("/prompt", { prompt: graph(`${FOLDER}/in.png`, "ids"), prompt_id: sent })).json,
      ).toMatchObject({
        prompt_id: id,
      });
    expect((await client.history("a/b?c#d é")) === undefined).toBeTypeOf("boolean");
  });
});

describe("a run", () => {
  beforeEach(() => client.idle(socket));

  test("is told in order, and its entry is there from the status on", async () => {
    const image = `${FOLDER}/photo.png`;
    await client.post("/free", { free_memory: true });
    const extra = { extra_pnginfo: { workflow: { a: "ü" } }, tag: "x" };
    const { promptId, heard } = await client.run(socket, graph(image, "run"), { extra_data: extra });
    const entry = (await client.history(promptId))!;
    expect(brief(heard)).toEqual([
      "status 1",
      "status 1",
      "execution_start",
      "execution_cached ",
      ...["1", "2"].flatMap((id) => [
        `progress_state ${id} running`,
        `executing ${id}`,
        `progress_state ${id} finished`,
      ]),
      ...["progress_state 3 running", "executing 3", "executed 3", "progress_state 3 finished"],
      "execution_success",
      "status 0",
      "executing null",
    ]);
    const images = [{ filename: "run_00001_.png", subfolder: FOLDER, type: "output" }];
    expect(heard.find(({ type }) => type === "executed")!.data).toEqual({
      node: "3",
      display_node: "3",
      output: { images },
      prompt_id: promptId,
    });
    expect(entry).toMatchObject({
      prompt: [expect.any(Number), promptId, graph(image, "run"), { ...extra, client_id: socket.clientId }, ["3"]],
      outputs: { 3: { images } },
      status: { status_str: "success", completed: true },
      meta: { 3: { node_id: "3", display_node: "3", parent_node: null, real_node_id: "3" } },
    });
    const { messages } = entry.status as { messages: [string, { prompt_id: string; timestamp: number }][] };
    expect(messages.map(([type]) => type)).toEqual(["execution_start", "execution_cached", "execution_success"]);
    for (const [, { prompt_id, timestamp }] of messages)
      expect([prompt_id, typeof timestamp]).toEqual([promptId, "number"]);
  });

  test("of new bytes under the same name loads them", async () => {
    const name = `${FOLDER}/changing.png`;
    await client.upload("changing.png", photo, { subfolder: FOLDER });
    await client.run(socket, graph(name, "changing"));
    await client.upload("changing.png", ramp, { subfolder: FOLDER, overwrite: "true" });
    const { heard } = await client.run(socket, graph(name, "changing"));
    expect(brief(heard)).toContain("execution_cached ");
  });

  test("writes the graph into the file", async () => {
    await client.run(socket, graph(`${FOLDER}/photo.png`, "exact", null));
    const { bytes } = await client.bytes(`filename=exact_00001_.png&subfolder=${FOLDER}`);
    expect(bytes.subarray(33, 60).toString("latin1")).toContain('tEXtprompt\0{"1": {');
  });

  test("cuts off what is behind the point instead of rounding", async () => {
    const { promptId } = await client.run(socket, graph(`${FOLDER}/ramp.png`, "truncated"));
    const off = [...(await pixelsOf(promptId)).subarray(0, 3 * 256)].map(
      (level, at) => 255 - Math.floor(at / 3) - level,
    );
    expect(new Set(off)).toEqual(new Set([0, 1]));
    expect(off.filter((each) => each === 1).length / off.length).toBeCloseTo(0.621, 3);
  });

  test("may not save outside the output folder", async () => {
    const outside = graph(`${FOLDER}/in.png`, "x");
    outside[3].inputs.filename_prefix = "../../evil";
    const { heard } = await client.run(socket, outside);
    const { exception_message } = heard.find(({ type }) => type === "execution_error")!.data;
    expect(exception_message).toContain("Saving image outside the output folder is not allowed");
  });

  test("of a preview keeps it in temp", async () => {
    const preview = {
      1: { class_type: "LoadImage", inputs: { image: `${FOLDER}/in.png` } },
      2: { class_type: "PreviewImage", inputs: { images: ["1", 0] } },
    };
    const { promptId } = await client.run(socket, preview);
    expect((await client.history(promptId))!.outputs).toMatchObject({
      2: { images: [{ subfolder: "", type: "temp" }] },
    });
  });

  // Input, and what a running ComfyUI made of it.
  test.each([
    [1248, 832, 1248, 832],
    [1216, 810, 1248, 832],
    [1152, 864, 1184, 880],
    [768, 1365, 752, 1392],
    [2400, 800, 1568, 672],
    [640, 480, 1184, 880],
  ])("scales %d × %d for Kontext to %d × %d", async (width, height, toWidth, toHeight) => {
    const scaled = {
      1: { class_type: "EmptyImage", inputs: { width, height, batch_size: 1, color: 0x808080 } },
      2: { class_type: "FluxKontextImageScale", inputs: { image: ["1", 0] } },
      3: { class_type: "SaveImage", inputs: { images: ["2", 0], filename_prefix: `${FOLDER}/kontext${width}` } },
    };
    await client.run(socket, scaled);
    const { bytes } = await client.bytes(`filename=kontext${width}_00001_.png&subfolder=${FOLDER}`);
    expect(await sharp(bytes).metadata()).toMatchObject({ width: toWidth, height: toHeight });
  });
});

describe("/ws", () => {
  beforeEach(() => client.idle(socket));

  test("greets with the queue and the client's own id, or makes one up", async () => {
    expect(socket.heard[0]).toEqual({
      type: "status",
      data: { status: { exec_info: { queue_remaining: 0 } }, sid: socket.clientId },
    });
    const unnamed = await client.socket("");
    expect(unnamed.clientId).toMatch(/^[0-9a-f]{32}$/);
    await unnamed.close();
  });

  test("refuses a plain GET", async () => {
    expect(await client.get("/ws")).toMatchObject({
      status: 400,
      text: 'No WebSocket UPGRADE hdr: None\n Can "Upgrade" only to "WebSocket".',
    });
  });

  test("answers feature flags when they come first, and only then", async () => {
    const flagged = await client.socket(undefined, { flags: { supports_preview_metadata: true } });
    await flagged.until(() => flagged.heard.some(({ type }) => type === "feature_flags"));
    flagged.send(JSON.stringify({ type: "feature_flags", data: {} }));
    flagged.send("not json");
    flagged.send(Buffer.from([1, 2, 3]));
    await flagged.pong();
    expect(flagged.heard.map(({ type }) => type)).toEqual(["status", "feature_flags"]);
    await flagged.close();
  });

  test("closes on a frame of 5 MB", async () => {
    const talker = await client.socket();
    talker.send("x".repeat(5_000_000));
    await talker.until(() => talker.closeCode() !== undefined);
    expect(talker.closeCode()).toBe(1009);
  });
});

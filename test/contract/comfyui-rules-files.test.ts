/** How a ComfyUI behaves, rules 13 to 15 and 21: uploads, names, pixels, and bodies that are no JSON. */
import { randomUUID } from "node:crypto";
import sharp from "sharp";
import { expect, test } from "vitest";
import { useTarget } from "../support/comfyui/target.ts";

const BROKEN = /^500 Internal Server Error\n\nServer got itself in trouble$/;

const target = useTarget();

const upload = (name: string, bytes: Uint8Array, fields: Record<string, string> = {}) =>
  target.client.upload(name, bytes, { subfolder: target.folder, ...fields });
const stored = (name: string) => ({ status: 200, json: { name, subfolder: target.folder, type: "input" } });

/** What a prompt that loads and saves gives back. */
async function loaded(name: string): Promise<{ readonly status: string; readonly pixels: Buffer }> {
  const { promptId } = await target.client.run(
    target.socket,
    target.graph(`loaded-${randomUUID()}`, `${target.folder}/${name}`, null),
  );
  const { status, outputs } = (await target.entry(promptId))!;
  const [{ filename, subfolder, type }] = outputs["3"]!.images as [(typeof outputs)[string]["images"][number]];
  const { bytes } = await target.client.bytes(`filename=${filename}&subfolder=${subfolder}&type=${type}`);
  return { status: status.status_str, pixels: await sharp(bytes).raw().toBuffer() };
}

test("rule 13: half an upload is kept, loads with black below, and ends as success; HEAD tells its length", async () => {
  const levels = Uint8Array.from({ length: 64 * 256 * 3 }, (_, at) => 40 + ((at * 7919) % 200));
  const whole = await sharp(levels, { raw: { width: 64, height: 256, channels: 3 } })
    .png()
    .toBuffer();
  const half = whole.subarray(0, whole.length >> 1);
  expect(await upload("half.png", half)).toMatchObject(stored("half.png"));
  const head = await target.client.ask("HEAD", `/view?filename=half.png&subfolder=${target.folder}&type=input`);
  expect(Number(head.headers.get("content-length"))).toBe(half.length);
  const { status, pixels } = await loaded("half.png");
  expect([status, pixels.length]).toEqual(["success", levels.length]);
  expect(pixels.subarray(-64 * 3).every((level) => level === 0)).toBe(true);
});

test("rule 14: other bytes under a taken name are numbered, the same bytes are found again", async () => {
  const { photo, ramp } = target;
  expect(await upload("a.png", photo)).toMatchObject(stored("a.png"));
  expect(await upload("a.png", photo)).toMatchObject(stored("a.png"));
  expect(await upload("a.png", ramp)).toMatchObject(stored("a (1).png"));
  expect(await upload("a.png", ramp)).toMatchObject(stored("a (1).png"));
  expect(await upload("a.png", ramp, { overwrite: "True" })).toMatchObject(stored("a (1).png"));
  expect(await upload("a.png", ramp, { overwrite: "true" })).toMatchObject(stored("a.png"));
  expect(await upload("a.png", photo, { overwrite: "1" })).toMatchObject(stored("a.png"));
});

test("rule 15: odd letters in a name are taken, coded or refused, plain ones stay", async () => {
  expect(await upload("plain_1-2.png", target.photo)).toMatchObject(stored("plain_1-2.png"));
  expect(await upload("写真 ü.png", target.photo)).toMatchObject(stored("写真 ü.png"));
  expect(await upload('a"q.png', target.photo)).toMatchObject(stored("a%22q.png"));
  expect(await upload("x/y.png", target.photo)).toMatchObject({ status: 500 });
  expect(await target.client.upload("../esc.png", target.photo)).toMatchObject({ status: 400 });
});

test("rule 15: an 8-bit RGB PNG comes back to the bit", async () => {
  const { pixels } = await loaded("photo.png");
  expect(pixels.equals(await sharp(target.photo).raw().toBuffer())).toBe(true);
});

test.each([
  ["PUT", "/prompt", undefined, 405, /^405: Method Not Allowed$/],
  ["GET", "/nope", undefined, 404, /^(404: Not Found)?$/], // by the version of its HTTP library
  ["POST", "/prompt", "{", 500, BROKEN],
  ["POST", "/queue", "", 500, BROKEN],
  ["POST", "/queue", '{"delete":[]}', 200, /^$/],
  ["POST", "/history", '{"delete":[]}', 200, /^$/],
  ["POST", "/free", "{}", 200, /^$/],
  ["POST", "/interrupt", '{"prompt_id":"nobody"}', 200, /^$/],
] as const)(
  "rule 21: errors, and POSTs that worked, are answered with text or nothing (%s %s %j: %d %j)",
  async (method, path, body, status, text) => {
    expect(await target.client.ask(method, path, body)).toMatchObject({ status, text: expect.stringMatching(text) });
  },
);

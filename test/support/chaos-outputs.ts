/** What lies in an outbox after a fault campaign, each output held against every original under the known look. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { sampleTetrahedral } from "../../src/core/lut/sample.ts";
import { WARM } from "./comfyui.ts";

export type Inspected = {
  readonly outputs: number;
  readonly missing: readonly string[];
  readonly strangers: readonly string[];
  /** Our own temp files, left by a kill: the sweep takes them away when they are an hour old. */
  readonly temps: readonly string[];
  readonly damaged: readonly string[];
  readonly foreign: readonly string[];
};

/** Small enough to hold each against all. */
const SIDE = 24;
/** Mean difference of a photo to itself under the look, in levels of 255; that of another photo is ten times as much. */
const OWN_MAX = 4;

const TEMP_NAME = /^\.hotgrade-[0-9a-f]{8,}(-\w+)?\.tmp$/;

export async function inspectOutputs(inbox: string, outbox: string, photos: readonly string[]): Promise<Inspected> {
  const names = existsSync(outbox) ? readdirSync(outbox, { recursive: true }).map(String) : [];
  const known = new Set(
    photos.flatMap((name) => [name, name.replace(/jpg$/, "cube"), name.replace(/jpg$/, "grade.json")]),
  );
  const outputs = names.filter((name) => name.endsWith(".jpg"));
  const expected = new Map<string, Uint8Array>();
  for (const name of photos) expected.set(name, graded(await thumbnail(join(inbox, name))));
  const damaged: string[] = [];
  const foreign: string[] = [];
  for (const name of outputs.filter((each) => known.has(each))) {
    if (!isAsReported(outbox, name)) damaged.push(name);
    const seen = await thumbnail(join(outbox, name)).catch(() => undefined); // what does not decode is damaged
    if (!seen) damaged.push(name);
    else if (nearest(seen, expected) !== name || difference(seen, expected.get(name)!) > OWN_MAX) foreign.push(name);
  }
  return {
    outputs: outputs.length,
    missing: [...known].filter((name) => !names.includes(name)).sort(),
    strangers: names.filter((name) => !known.has(name) && !TEMP_NAME.test(name)),
    temps: names.filter((name) => TEMP_NAME.test(name)),
    damaged: [...new Set(damaged)],
    foreign,
  };
}

function isAsReported(outbox: string, name: string): boolean {
  const report = join(outbox, name.replace(/jpg$/, "grade.json"));
  if (!existsSync(report)) return false;
  return JSON.parse(readFileSync(report, "utf8")).output.sizeBytes === readFileSync(join(outbox, name)).length;
}

async function thumbnail(file: string): Promise<Uint8Array> {
  const image = sharp(file, { failOn: "warning" }).resize(SIDE, SIDE, { fit: "fill", kernel: "nearest" });
  return image.removeAlpha().raw().toBuffer();
}

function graded(pixels: Uint8Array): Uint8Array {
  const out = new Uint8Array(pixels.length);
  for (let at = 0; at < pixels.length; at += 3) {
    const colour = [pixels[at]! / 255, pixels[at + 1]! / 255, pixels[at + 2]! / 255] as const;
    for (const [channel, value] of sampleTetrahedral(WARM, colour).entries())
      out[at + channel] = Math.round(255 * value);
  }
  return out;
}

function difference(a: Uint8Array, b: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += Math.abs(a[at]! - b[at]!);
  return sum / a.length;
}

function nearest(seen: Uint8Array, all: ReadonlyMap<string, Uint8Array>): string {
  let [best, least] = ["", Number.POSITIVE_INFINITY];
  for (const [name, pixels] of all) {
    const away = difference(seen, pixels);
    if (away < least) [best, least] = [name, away];
  }
  return best;
}

/** The outboxes after a soak: exactly the outputs of the ledger, whole, each of its own photo. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { openLedger } from "../../../src/adapters/sqlite/ledger.ts";
import type { Job } from "../../../src/core/job/job.ts";
import { sampleTetrahedral } from "../../../src/core/lut/sample.ts";
import { WARM } from "../comfyui.ts";
import { filesBelow } from "./account.ts";

export type Outbox = { readonly photos: number; readonly temps: number; readonly off: readonly string[] };

const TEMP_NAME = /(^|\/)\.hotgrade-[0-9a-f]{8,}(-\w+)?\.tmp$/;
const SIDE = 16;
/** Mean difference to its own original under the look, in levels of 255; to another's it is ten times as much. */
const OWN_MAX = 5;

export async function inspectOutbox(root: string, outbox: string, jobs: readonly Job[]): Promise<Outbox> {
  const ledger = openLedger(join(root, "var/ledger.db"), Date.now());
  const off: string[] = [];
  const expected = new Set<string>();
  let photos = 0;
  try {
    for (const job of jobs)
      for (const { path, state, sha256, kind } of await ledger.outputs.of(job.id)) {
        if (state !== "published") continue;
        expected.add(path);
        if (kind === "photo") photos++;
        if (!existsSync(path)) off.push(`${path} is missing (${job.status})`);
        else if (sha256Of(path) !== sha256) off.push(`${path} is not what was published`);
        else if (kind === "photo" && job.status === "done" && !(await isOwn(path, job)))
          off.push(`${path} is not of its photo`);
      }
  } finally {
    await ledger.close();
  }
  const names = filesBelow(outbox);
  for (const name of names)
    if (!expected.has(join(outbox, name)) && !TEMP_NAME.test(name)) off.push(`${name} is a stranger in the outbox`);
  return { photos, temps: names.filter((name) => TEMP_NAME.test(name)).length, off };
}

const sha256Of = (file: string): string => createHash("sha256").update(readFileSync(file)).digest("hex");

async function isOwn(output: string, job: Job): Promise<boolean> {
  // Test RAWs all show the same scene; and a photo that was replaced lies there no more.
  if (/\.raf$/i.test(job.path) || !existsSync(job.original)) return true;
  if (sha256Of(job.original) !== job.contentSha256) return true;
  const [seen, original] = [await small(output), await small(job.original)];
  let sum = 0;
  for (let at = 0; at < seen.length; at += 3) {
    const colour = [original[at]! / 255, original[at + 1]! / 255, original[at + 2]! / 255] as const;
    for (const [channel, value] of sampleTetrahedral(WARM, colour).entries())
      sum += Math.abs(seen[at + channel]! - 255 * value);
  }
  return sum / seen.length <= OWN_MAX;
}

const small = (file: string): Promise<Buffer> =>
  sharp(file, { failOn: "warning" })
    .resize(SIDE, SIDE, { fit: "fill", kernel: "nearest" })
    .removeAlpha()
    .raw()
    .toBuffer();

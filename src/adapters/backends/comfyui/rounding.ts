/**
 * How a ComfyUI turns floats into bytes: a tiny gradient is inverted over there. Rounding gives 255 − v for every v;
 * the usual truncation gives one less for most of them.
 */
import { createHash } from "node:crypto";
import { AppError } from "../../../core/errors.ts";
import type { Backend, Clock, Ids, Log } from "../../../ports.ts";
import { progressOf } from "./answers.ts";
import type { Jobs } from "./jobs.ts";
import type { Transfers } from "./pictures.ts";
import { type Pixels, readPng, writePng } from "./png.ts";

const SIDE = 16;
const POLL_MS = 300;
const FOLDER = "hotgrade/probe";
/** Truncation shows on 62 % of values; a stray difference is not it. */
const LOWER_MIN = 0.2;

export type Rounding = "rounded" | "truncated";

type Wiring = {
  readonly jobs: Jobs;
  readonly transfers: Transfers;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly probeMs: number;
  readonly tidy: Backend["tidy"];
};

/** Measures once, however many ask; where that is not possible the answer is "truncated", as every known version does. */
export function measureRounding(wiring: Wiring): (signal?: AbortSignal) => Promise<Rounding> {
  let known: Rounding | undefined;
  let asking: Promise<Rounding> | undefined;

  async function measure(signal?: AbortSignal): Promise<Rounding> {
    try {
      known = await probe(wiring, signal);
    } catch (thrown) {
      signal?.throwIfAborted();
      wiring.log.debug({ reason: thrown instanceof Error ? thrown.message : String(thrown) }, "rounding not measured");
      // A server that is away now is asked again; one that cannot run the probe is not.
      if (thrown instanceof AppError && thrown.code === "backend-unreachable") return "truncated";
      known = "truncated";
    }
    return known;
  }

  return async (signal) => {
    // Whoever began it may have been stopped: then the next one begins anew.
    while (asking && !known) await asking.catch(() => signal?.throwIfAborted());
    if (known) return known;
    asking = measure(signal).finally(() => {
      asking = undefined;
    });
    return await asking;
  };
}

async function probe(wiring: Wiring, signal?: AbortSignal): Promise<Rounding> {
  const ticket = wiring.ids.uuid();
  try {
    return await measure(wiring, ticket, signal);
  } finally {
    await wiring.tidy([ticket], signal).catch((thrown: unknown) => {
      wiring.log.debug({ reason: String(thrown) }, "the probe's entry stays in the history");
    });
  }
}

async function measure(
  { jobs, transfers, clock, probeMs }: Wiring,
  ticket: string,
  signal?: AbortSignal,
): Promise<Rounding> {
  const before: Pixels = { width: SIDE, height: SIDE, rgb: gradient() };
  const bytes = writePng(before);
  const name = `${createHash("sha256").update(bytes).digest("hex").slice(0, 32)}.png`;
  const image = await transfers.upload({ folder: FOLDER, name, bytes }, signal);
  const prefix = `${FOLDER}/${ticket}`;
  const graph = {
    "1": { class_type: "LoadImage", inputs: { image } },
    "2": { class_type: "ImageInvert", inputs: { image: ["1", 0] } },
    "3": { class_type: "SaveImage", inputs: { images: ["2", 0], filename_prefix: prefix } },
  };
  await jobs.post(ticket, { graph, result: "3" }, true, signal);
  const until = clock.now() + probeMs;
  for (;;) {
    const seen = await jobs.look({ ticket, prefix }, signal);
    if (seen.kind === "ended") {
      const progress = progressOf(seen.entry, prefix);
      if (progress.kind !== "finished") throw new AppError("backend-failed", `The probe ${progress.kind}.`);
      return compare(before.rgb, readPng(await transfers.download(progress.pictures[0]!.name, signal)).rgb);
    }
    if (seen.kind === "absent") throw new AppError("backend-failed", "The probe was lost.");
    if (clock.now() >= until) {
      await jobs.cancel(ticket, signal);
      throw new AppError("backend-failed", `The probe had no turn in ${probeMs} ms.`);
    }
    await clock.sleep(POLL_MS, signal);
    signal?.throwIfAborted();
  }
}

/** All 256 values, in another order for each channel. */
function gradient(): Uint8Array {
  const rgb = new Uint8Array(SIDE * SIDE * 3);
  for (let v = 0; v < SIDE * SIDE; v++) rgb.set([v, 255 - v, (v * 7) & 255], v * 3);
  return rgb;
}

export function compare(before: Uint8Array, after: Uint8Array): Rounding {
  if (after.length !== before.length) throw new AppError("backend-failed", "The probe came back at another size.");
  let lower = 0;
  for (let at = 0; at < before.length; at++) {
    const difference = 255 - before[at]! - after[at]!;
    if (difference === 1) lower++;
    else if (difference !== 0) throw new AppError("backend-failed", "The probe came back in other colours.");
  }
  return lower / before.length >= LOWER_MIN ? "truncated" : "rounded";
}

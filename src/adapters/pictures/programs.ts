/**
 * What may be asked of a picture worker, by name: everything that touches pixels. Each is loaded when it is first asked for,
 * so that a command with one picture reads only its own.
 */
import sharp from "sharp";
import type { TaskName, Tasks } from "./tasks.ts";

// One thread a picture: slicing one over several costs more than it gains, and a cache would only hold memory.
sharp.concurrency(1);
sharp.cache(false);

export type Program = (asks: unknown, signal: AbortSignal) => Promise<unknown>;

/** `pixelsMax` bounds every picture that is decoded. */
export function programsFor(pixelsMax: number): Readonly<Record<TaskName, Program>> {
  const programs: {
    readonly [N in TaskName]: (asks: Tasks[N]["asks"], signal: AbortSignal) => Promise<Tasks[N]["gives"] | undefined>;
  } = {
    fingerprint: async ({ file }) => (await import("./fingerprint.ts")).fingerprintOf(file),
    inspectRaw: async ({ file, way }) => (await import("./raw/develop.ts")).inspectRaw(file, way, pixelsMax),
    develop: async (asks, signal) => (await import("./raw/develop.ts")).develop(asks, pixelsMax, signal),
    plate: async (asks) => (await import("./plate.ts")).plate(asks, pixelsMax),
    paint: async (asks) => (await import("./plate.ts")).paint(asks, pixelsMax),
    prove: async (asks) => (await import("./prove.ts")).prove(asks),
    fit: async (asks) => (await import("./look.ts")).fitPairs(asks, pixelsMax),
    outside: async (asks) => (await import("./look.ts")).outside(asks, pixelsMax),
    exportLook: async (asks) => (await import("./look.ts")).exportLook(asks),
    render: async (asks, signal) => (await import("./render.ts")).render(asks, pixelsMax, signal),
    readRgb: async ({ file }) => (await import("./rgb.ts")).readRgb(file, pixelsMax),
    writeRgb: async (asks) => (await import("./rgb.ts")).writeRgb(asks),
    contactSheet: async (asks, signal) => (await import("./contact-sheet.ts")).contactSheet(asks, pixelsMax, signal),
    verify: async (asks) => (await import("./verify.ts")).verify(asks, pixelsMax),
  };
  return programs as Readonly<Record<TaskName, Program>>;
}

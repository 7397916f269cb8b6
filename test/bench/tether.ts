/**
 * How long a tethered photographer waits: from the close of a 24 MP JPEG in the inbox to the graded one in the outbox, by
 * the real daemon with a look kept under a name, so that no model is asked.
 *
 *     npm run bench:tether -- [--photos 10] [--width 6000] [--settle 300]
 */
import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { formatCube } from "../../src/core/lut/cube.ts";
import { latticeOf } from "../../src/core/lut/lattice.ts";
import { largeJpeg } from "../support/large-photos.ts";
import { medianOf } from "../support/measured.ts";
import { makeProject } from "../support/program.ts";

const BEYOND_SETTLE_MS_MAX = 1_000;
const LOOK_MS = 5;
const WAIT_MS_MAX = 60_000;

const text = { type: "string" } as const;
const { values } = parseArgs({ options: { photos: text, width: text, settle: text } });
const photos = Number(values.photos ?? 10);
const width = Number(values.width ?? 6_000);
const settleMs = Number(values.settle ?? 300);

/** A warm, harder look: its values do not matter, that it is none of the identity's does. */
const look = latticeOf(33, (r, g, b) => [Math.min(1, r * 1.05), g, b ** 1.1]);
const source = join(tmpdir(), `hotgrade-bench-tether-${width}.jpg`);
if (!existsSync(source)) {
  await largeJpeg(`${source}.part`, width, Math.round(width / 1.5));
  renameSync(`${source}.part`, source);
}
const project = makeProject(`
inboxes: [{ path: inbox, outbox: graded, settle: ${settleMs}ms, sidecars: [] }]
`);
const waits: number[] = [];
try {
  writeFileSync(join(project.inbox, "look.cube"), formatCube(look, { title: "warm" }));
  const daemon = await project.start();
  await daemon.line(({ message }) => message === "first look done");
  for (let nth = 0; nth <= photos; nth++) {
    const name = `IMG_${nth}.jpg`;
    const bytes = readFileSync(source);
    // Another quality's table entry would be another picture; the last byte of the scan is enough.
    bytes[bytes.length - 3] = nth + 1;
    writeFileSync(join(project.inbox, name), bytes);
    const closedAt = Date.now();
    const output = join(project.outbox, name);
    while (!existsSync(output) && Date.now() - closedAt < WAIT_MS_MAX) await sleep(LOOK_MS);
    // The first photo starts the program that works on pictures.
    if (nth > 0) waits.push(statSync(output).ctimeMs - closedAt);
    await daemon.line(({ message, path }) => message === "photo done" && path === name);
  }
  await daemon.kill("SIGTERM");
} finally {
  project.remove();
}
const beyond = waits.map((ms) => Math.round(ms - settleMs));
const median = medianOf(beyond);
const kept = median <= BEYOND_SETTLE_MS_MAX;
console.log(
  `load ${loadavg()[0]!.toFixed(1)}; ${photos} photos of ${width} × ${Math.round(width / 1.5)}, settle ${settleMs} ms`,
);
console.log(
  `from close to graded, beyond settle: median ${median} ms, worst ${Math.max(...beyond)} ms (at most ${BEYOND_SETTLE_MS_MAX}): ${kept ? "ok" : "MISS"}`,
);
process.exit(kept ? 0 : 1);

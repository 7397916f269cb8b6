/**
 * The second half of npm run bench:apply: the daemon's picture workers, two photos in flight, against two `hotgrade apply`
 * side by side on the same two cores; and their memory over 200 photos.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { openPictures } from "../../src/adapters/pictures/pictures.ts";
import { largeJpeg } from "../support/large-photos.ts";
import { measure, medianOf } from "../support/measured.ts";
import { pathOf, savedCube, silent } from "../support/photos.ts";
import { residentMib, workersOf } from "../support/processes.ts";

const ROUNDS = 5;
const PHOTOS = 10;
const LONG_RUN = 200;
const RATIO_MIN = 0.9;
/** What the workers hold after all photos, of what they held after the first tenth. */
const GROWTH_MAX = 1.15;

const program = join(import.meta.dirname, "../../bin/hotgrade.mjs");
const folder = mkdtempSync(join(tmpdir(), "hotgrade-many-"));
const photo = join(folder, "24.jpg");
const pictures = openPictures({ workers: 2, memoryBytes: 2 ** 32, log: silent });
let count = 0;

async function byWorkers(photos: number): Promise<void> {
  const one = async () => {
    const to = pathOf(join(folder, `out-${++count}.jpg`));
    const request = {
      original: pathOf(photo),
      cube: pathOf(join(folder, "look.cube")),
      strength: 1,
      quality: null,
    } as const;
    await pictures.render({ ...request, format: "jpeg", to });
    rmSync(to);
  };
  await Promise.all(Array.from({ length: photos }, one));
}

/** One program a photo, two programs at a time. */
async function byPrograms(photos: number): Promise<void> {
  const some = async () => {
    for (let at = 0; at < photos / 2; at++) {
      const out = join(folder, `alone-${++count}.jpg`);
      await measure(
        process.execPath,
        [program, "apply", photo, "--cube", join(folder, "look.cube"), "--out", out],
        folder,
      );
      rmSync(out);
    }
  };
  await Promise.all([some(), some()]);
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1_000;
}

try {
  await largeJpeg(photo, 6000, 4000);
  savedCube(folder);
  await byWorkers(2);
  const [workers, programs]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    programs.push(await seconds(() => byPrograms(PHOTOS)));
    workers.push(await seconds(() => byWorkers(PHOTOS)));
  }
  const [inDaemon, alone] = [PHOTOS / medianOf(workers), PHOTOS / medianOf(programs)];
  const ratio = inDaemon / alone;
  console.log(
    `\n24 MP JPEG, two at a time: ${inDaemon.toFixed(2)} photos/s by workers, ${alone.toFixed(2)} by programs`,
  );
  console.log(
    `${ratio >= RATIO_MIN ? "ok  " : "MISS"} ${ratio.toFixed(2)} of the programs' throughput, at least ${RATIO_MIN}`,
  );

  const held = () => workersOf(process.pid).reduce((sum, pid) => sum + residentMib(pid), 0);
  await byWorkers(LONG_RUN / 10);
  const early = held();
  await byWorkers(LONG_RUN - LONG_RUN / 10);
  const growth = held() / early;
  console.log(
    `${growth <= GROWTH_MAX ? "ok  " : "MISS"} ${early.toFixed(0)} MiB in both workers after ${LONG_RUN / 10} photos, ${(growth * early).toFixed(0)} after ${LONG_RUN}`,
  );
  if (ratio < RATIO_MIN || growth > GROWTH_MAX) process.exitCode = 1;
} finally {
  await pictures.close();
  rmSync(folder, { recursive: true });
}

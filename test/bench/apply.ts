/**
 * npm run bench:apply [-- ROUNDS]: `hotgrade apply` from file to file as a whole process, beside sharp's plain decode and
 * encode with no LUT at its defaults, and beside other programs that apply LUTs where they are installed. All take turns;
 * medians are printed, and the ratios that docs/performance.md promises are checked.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { HALD_SIZE, haldOf } from "../../src/core/lut/hald.ts";
import { largeJpeg, largeTiff } from "../support/large-photos.ts";
import { latticeNamed } from "../support/looks.ts";
import { type Measured, measure, medianOf } from "../support/measured.ts";
import { savedCube } from "../support/photos.ts";

const ROUNDS = Number(process.argv[2] ?? 7);
const ROOT = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "hotgrade-apply-"));

/** What the floor does: a plain script with the same Node and the same sharp. */
const FLOOR = `import sharp from ${JSON.stringify(join(ROOT, "node_modules/sharp/dist/index.mjs"))};`;

type Runner = {
  readonly name: string;
  readonly run: (photo: string, out: string) => readonly [string, readonly string[]];
};
type Case = {
  readonly name: string;
  readonly photo: string;
  readonly out: string;
  readonly megapixels: number;
  /** Bytes of the pixels, undone. */
  readonly rawBytes: number;
  readonly floor: string;
  /** Of the floor's processor time, at most. */
  readonly cpuMax: number;
};

const isThere = (program: string): boolean => {
  try {
    execFileSync(program, ["-version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
};

function runnersFor({ floor }: Case): readonly Runner[] {
  const node = process.execPath;
  const cube = join(folder, "look.cube");
  const hotgrade = [join(ROOT, "bin/hotgrade.mjs"), "apply"];
  const others: readonly Runner[] = [
    {
      name: "ffmpeg lut3d",
      run: (photo, out) => [
        "ffmpeg",
        ["-v", "error", "-y", "-i", photo, "-vf", `lut3d=${cube}:interp=tetrahedral`, "-q:v", "2", out],
      ],
    },
    {
      name: "ImageMagick -hald-clut",
      run: (photo, out) => ["convert", [photo, join(folder, "hald.png"), "-hald-clut", "-quality", "92", out]],
    },
  ];
  return [
    {
      name: "sharp, no LUT",
      run: (photo, out) => [node, ["--input-type=module", "-e", `${FLOOR} ${floor}`, photo, out]],
    },
    { name: "hotgrade apply", run: (photo, out) => [node, [...hotgrade, photo, "--cube", cube, "--out", out]] },
    ...others.filter(({ run }) => isThere(run("", "")[0])),
  ];
}

async function compare(one: Case): Promise<void> {
  const runners = runnersFor(one);
  const found = new Map<string, Measured[]>(runners.map(({ name }) => [name, []]));
  for (let round = -1; round < ROUNDS; round++)
    for (const { name, run } of runners) {
      const out = join(folder, one.out);
      rmSync(out, { force: true });
      const [program, words] = run(one.photo, out);
      const measured = await measure(program, words, folder);
      if (statSync(out).size < 100_000) throw new Error(`${name} wrote next to nothing`);
      // The first round only warms the caches.
      if (round >= 0) found.get(name)!.push(measured);
    }
  const of = (name: string, what: keyof Measured) => medianOf(found.get(name)!.map((measured) => measured[what]));
  console.log(`\n${one.name} (${ROUNDS} rounds, medians)`);
  console.log(
    "| program | processor s | of sharp alone | wall s | of sharp alone | peak MiB |\n|---|---|---|---|---|---|",
  );
  for (const { name } of runners) {
    const [cpu, wall, peak] = [of(name, "cpuSeconds"), of(name, "wallSeconds"), of(name, "peakMib")];
    const ratios = [cpu / of("sharp, no LUT", "cpuSeconds"), wall / of("sharp, no LUT", "wallSeconds")];
    const peakText = Number.isNaN(peak) ? "–" : peak.toFixed(0);
    console.log(
      `| ${name} | ${cpu.toFixed(2)} | ${ratios[0]!.toFixed(2)} | ${wall.toFixed(2)} | ${ratios[1]!.toFixed(2)} | ${peakText} |`,
    );
  }
  const ratio = of("hotgrade apply", "cpuSeconds") / of("sharp, no LUT", "cpuSeconds");
  check(`${one.name}: ${ratio.toFixed(2)} of sharp's processor time, at most ${one.cpuMax}`, ratio <= one.cpuMax);
  const roof = 1.2 * (one.rawBytes / 2 ** 20) + 110;
  const peak = of("hotgrade apply", "peakMib");
  check(`${one.name}: ${peak.toFixed(0)} MiB, at most ${roof.toFixed(0)}`, peak <= roof);
  for (const [name, least] of [
    ["ffmpeg lut3d", 2],
    ["ImageMagick -hald-clut", 10],
  ] as const)
    if (found.has(name) && one.out.endsWith(".jpg")) {
      const times = of(name, "wallSeconds") / of("hotgrade apply", "wallSeconds");
      check(`${one.name}: ${times.toFixed(1)} times as fast as ${name}, at least ${least}`, times >= least);
    }
}

const missed: string[] = [];
function check(what: string, holds: boolean): void {
  if (!holds) missed.push(what);
  console.log(`${holds ? "ok  " : "MISS"} ${what}`);
}

const jpeg = "await sharp(process.argv[1]).jpeg({ quality: 92 }).toFile(process.argv[2]);";
const tiff =
  'await sharp(process.argv[1]).toColourspace("rgb16").tiff({ compression: "none" }).toFile(process.argv[2]);';
const sizes = [
  { megapixels: 24, width: 6000, height: 4000, cpuMax: 1.05 },
  { megapixels: 50, width: 8660, height: 5774, cpuMax: 1 },
] as const;

try {
  savedCube(folder);
  const { samples, width, height } = haldOf(latticeNamed("tealOrange"), HALD_SIZE, 8);
  await sharp(samples, { raw: { width, height, channels: 3 } })
    .png()
    .toFile(join(folder, "hald.png"));
  writeFileSync(join(folder, "package.json"), "{}");
  for (const { megapixels, width, height, cpuMax } of sizes) {
    const photo = join(folder, `${megapixels}.jpg`);
    await largeJpeg(photo, width, height);
    await compare({
      name: `${megapixels} MP JPEG`,
      photo,
      out: "out.jpg",
      megapixels,
      rawBytes: 3 * width * height,
      floor: jpeg,
      cpuMax,
    });
  }
  const photo = join(folder, "24.tif");
  await largeTiff(photo, 6000, 4000);
  await compare({
    name: "24 MP TIFF, 16 bits",
    photo,
    out: "out.tif",
    megapixels: 24,
    rawBytes: 6 * 24e6,
    floor: tiff,
    cpuMax: 2.3,
  });
} finally {
  rmSync(folder, { recursive: true });
}
if (missed.length > 0) {
  console.log(`\n${missed.length} missed`);
  process.exitCode = 1;
}

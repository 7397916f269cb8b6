/**
 * How good fitted looks are: `npm run bench:looks -- [--pairs 60] [--seed N] [--only METHOD] [--each]`.
 * With `--pictures DIR` it draws the sheets shown in docs/looks.md instead.
 *
 * Prints method × level over generated pairs. Seeds below REPORT_SEED are for tuning; figures are reported on seeds from
 * REPORT_SEED on, which nobody tunes on. Photos are the samples, or those in the folder HOTGRADE_BENCH_PHOTOS.
 */
import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { fitLook } from "../../src/core/lut/fit/fit.ts";
import type { Verdict } from "../../src/core/lut/fit/report.ts";
import { identity, type Lattice } from "../../src/core/lut/lattice.ts";
import { binAverage } from "../support/pairs/bin-average.ts";
import { LEVEL_NAMES } from "../support/pairs/degrade.ts";
import { type Measured, mean, measure } from "../support/pairs/measure.ts";
import { baselinePairOf, type Pair, pairOf, subjectOf } from "../support/pairs/pair.ts";
import { photo, photoFiles } from "../support/pairs/photos.ts";
import { referenceFit } from "../support/pairs/reference.ts";
import { writeSheet } from "../support/pairs/sheets.ts";

/** The first seed of reported figures. */
const REPORT_SEED = 100_000;
/** Size of the lattices compared, nodes a side. */
const SIZE = 33;

/** The pairs shown in docs/looks.md: each of the samples once, chosen for their looks before they were seen. */
const SHOWN = [
  [100_002, "mild"],
  [100_012, "mild"],
  [100_009, "hard"],
  [100_003, "hard"],
] as const;

type Found = { readonly lattice: Lattice; readonly verdict?: Verdict };
type Row = Measured & { readonly elsewhere: number; readonly verdict?: Verdict | undefined };

const ours = (pair: Pair): Found => {
  const { lattice, report } = fitLook({ ...pair, size: SIZE });
  return { lattice, verdict: report.verdict };
};

const METHODS: Readonly<Record<string, (pair: Pair) => Found>> = {
  "no grade": () => ({ lattice: identity(SIZE) }),
  "bin average 33³": ({ before, after }) => ({ lattice: binAverage(before, after) }),
  reference: (pair) => ({ lattice: referenceFit(pair) }),
  ours,
};

const { values: options } = parseArgs({
  options: {
    pairs: { type: "string", default: "60" },
    seed: { type: "string", default: String(REPORT_SEED) },
    only: { type: "string", default: "" },
    each: { type: "boolean", default: false },
    pictures: { type: "string" },
  },
});
const { HOTGRADE_BENCH_PHOTOS: folder } = process.env;
const files = photoFiles(folder);
const rows = new Map<string, Row[]>();

if (options.pictures !== undefined) {
  mkdirSync(options.pictures, { recursive: true });
  for (const [seed, level] of SHOWN)
    console.log(await writeSheet(options.pictures, await subjectOf(photoFiles(), seed), level));
  process.exit();
}

for (let k = 0; k < Number(options.pairs); k++) {
  const subject = await subjectOf(files, Number(options.seed) + k);
  const other = await photo(files[(subject.seed + 1) % files.length]!);
  const note = (title: string, pair: Pair, method: (pair: Pair) => Found) => {
    const { lattice, verdict } = method(pair);
    const measured = measure(lattice, subject.look, subject.shot.full);
    const row: Row = { ...measured, elsewhere: measure(lattice, subject.look, other).mean, verdict };
    rows.set(title, [...(rows.get(title) ?? []), row]);
    if (options.each)
      console.error(subject.seed, subject.lookName, subject.shot.name, title, row.mean.toFixed(3), row.p95.toFixed(2));
  };
  for (const level of LEVEL_NAMES) {
    const pair = pairOf(subject, level);
    for (const [name, method] of Object.entries(METHODS))
      if (name.includes(options.only)) note(`${level} | ${name}`, pair, method);
  }
  if (options.only !== "" && !"autoencoder".includes(options.only)) continue;
  const pair = baselinePairOf(subject);
  const { baseline: _, ...without } = pair;
  note("autoencoder | ours, without baseline", without, ours);
  note("autoencoder | ours, with baseline", pair, ours);
}

console.log(`${options.pairs} pairs a level, seeds from ${options.seed}, ${files.length} photos\n`);
console.log("| level | method | mean ΔE₀₀ | p95 | other photo | banding | grey reversals | verdicts |");
console.log("|---|---|---|---|---|---|---|---|");
for (const [title, list] of rows) {
  const of = (field: "mean" | "p95" | "elsewhere" | "banding", digits: number) =>
    mean(list.map((row) => row[field])).toFixed(digits);
  const turned = list.filter(({ reversals }) => reversals > 0).length;
  const verdicts = (["global", "warn", "spatial"] as const)
    .map((verdict) => [list.filter((row) => row.verdict === verdict).length, verdict] as const)
    .filter(([count]) => count > 0)
    .map(([count, verdict]) => `${count} ${verdict}`);
  console.log(
    `| ${title} | ${of("mean", 3)} | ${of("p95", 2)} | ${of("elsewhere", 2)} | ${of("banding", 5)} | in ${turned} | ${verdicts.join(", ")} |`,
  );
}

/** look show: what a .cube does, in numbers. */
import type { Triple } from "../core/colour/srgb.ts";
import { CUBE_LENGTH_MAX, type Cube, parseCube } from "../core/lut/cube.ts";
import { sampleTetrahedral } from "../core/lut/sample.ts";
import { defineCommand } from "./command.ts";
import { absolute } from "./config-paths.ts";
import { filesOf, requireFiles } from "./disk.ts";
import { JSON_OUTPUT } from "./options.ts";

/** Steps of grey that are looked at for reversals, and those that are shown. */
const GREYS = 1024;
const SHOWN = 8;
/** A step down smaller than this is rounding of six decimals, no reversal. */
const REVERSAL_MIN = 2e-6;

export type LookFacts = {
  readonly title: string | null;
  readonly kind: "1D" | "3D";
  readonly size: number;
  readonly domainMin: Triple;
  readonly domainMax: Triple;
  /** Share of the inner nodes' channel values that lie at or beyond 0 or 1. */
  readonly clipping: { readonly low: number; readonly high: number };
  /** Does a lighter grey never come out darker? Luma of 1025 greys. */
  readonly greysMonotone: boolean;
  readonly greyReversals: number;
  /** The mean change of a node's channel values. */
  readonly change: number;
  readonly neutral: readonly { readonly in: number; readonly out: Triple }[];
};

/** Everything `look show` says, computed from the lattice as it is applied (over 0 … 1). */
export function lookFacts(cube: Cube): LookFacts {
  const { lattice } = cube;
  const { n, values } = lattice;
  let low = 0;
  let high = 0;
  let inner = 0;
  let moved = 0;
  for (let at = 0; at < values.length; at++) {
    const node = Math.floor(at / 3);
    const index = [node % n, Math.floor(node / n) % n, Math.floor(node / (n * n))][at % 3]!;
    const value = values[at]!;
    moved += Math.abs(value - index / (n - 1));
    if (index === 0 || index === n - 1) continue;
    inner++;
    if (value <= 0) low++;
    if (value >= 1) high++;
  }
  let reversals = 0;
  let before = Number.NEGATIVE_INFINITY;
  for (let step = 0; step <= GREYS; step++) {
    const [r, g, b] = greyAt(cube, step / GREYS);
    const luma = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    if (luma < before - REVERSAL_MIN) reversals++;
    before = luma;
  }
  return {
    title: cube.title ?? null,
    kind: cube.kind,
    size: cube.size,
    domainMin: cube.domainMin,
    domainMax: cube.domainMax,
    clipping: { low: inner ? low / inner : 0, high: inner ? high / inner : 0 },
    greysMonotone: reversals === 0,
    greyReversals: reversals,
    change: moved / values.length,
    neutral: Array.from({ length: SHOWN + 1 }, (_, step) => ({ in: step / SHOWN, out: greyAt(cube, step / SHOWN) })),
  };
}

const greyAt = ({ lattice }: Cube, grey: number): Triple => sampleTetrahedral(lattice, [grey, grey, grey]);

export const lookShow = defineCommand({
  name: "look show",
  summary: "say what a .cube does: size, greys, clipping",
  usage: "FILE.cube [--json]",
  about: [
    "Reads a .cube as hotgrade applies it and prints its size and domain, what becomes of nine greys from black to white, how much of it is clipped, and whether greys stay in order: a look that darkens a lighter grey shows as banding.",
  ],
  options: JSON_OUTPUT,
  words: [1, 1],
  examples: [
    ["hotgrade look show graded/IMG_1.cube", "what the model did to a photo"],
    ["hotgrade look show look.cube --json | jq .greysMonotone", "for a script"],
  ],
  async run({ cwd, env, options, words, print }) {
    const file = absolute(cwd, words[0]!);
    const files = filesOf({ env });
    await requireFiles(files, [file]);
    const text = (await files.read(file, CUBE_LENGTH_MAX)).toString("utf8");
    const facts = lookFacts(parseCube(text));
    if (options.json) {
      print.json({ file, ...facts });
      return;
    }
    const numbers = (triple: Triple) => triple.join(" ");
    const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
    const fact = (name: string, value: string) => print.line(`${print.paint.dim(name.padEnd(9))} ${value}`);
    if (facts.title !== null) fact("title", facts.title);
    fact("size", facts.kind === "3D" ? `${facts.size} × ${facts.size} × ${facts.size}` : `${facts.size} (1D)`);
    fact("domain", `${numbers(facts.domainMin)} … ${numbers(facts.domainMax)}`);
    fact("change", `${percent(facts.change)} on average`);
    fact("clipping", `${percent(facts.clipping.low)} to black, ${percent(facts.clipping.high)} to white`);
    fact("greys", facts.greysMonotone ? "in order" : `${facts.greyReversals} of ${GREYS} steps go backwards`);
    print.line();
    const channel = (title: string) => ({ title, right: true });
    print.table(
      [channel("grey"), channel("red"), channel("green"), channel("blue")],
      facts.neutral.map(({ in: grey, out }) => [grey.toFixed(3), ...out.map((value) => value.toFixed(4))]),
    );
  },
});

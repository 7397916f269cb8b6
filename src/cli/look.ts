/** look show: what a look does, in numbers and as a picture. */
import { GREY_STEPS, type LookFacts, lookFacts } from "../core/lut/facts.ts";
import { previewStrip } from "../core/lut/strip.ts";
import { type CommandContext, defineCommand } from "./command.ts";
import { absolute } from "./config-paths.ts";
import { outputFor, readLookFile, writePicture } from "./look-file.ts";
import { CONFIG, JSON_OUTPUT } from "./options.ts";

export const lookShow = defineCommand({
  name: "look show",
  summary: "say what a look does: size, greys, clipping, coverage; --preview draws it",
  usage: "FILE.cube [--preview FILE.png] [--json]",
  about: [
    "Reads a .cube (or a HaldCLUT PNG) as hotgrade applies it and prints its size and domain, what becomes of nine greys from black to white and how far from neutral they come out, how much of it is clipped, and whether greys stay in order: a look that darkens a lighter grey shows as banding. Looks that hotgrade fitted also say their coverage: the share of their picture's colours they rest on.",
    "--preview draws a strip of 1024 × 256 pixels: a grey ramp, all hues at all saturations, and skin, leaves, sky, sea and brick; above as they are, below through the look. An existing file is never replaced.",
  ],
  options: {
    preview: {
      kind: "text",
      value: "FILE.png",
      about: "Draw the look, before above and after below, into a new file.",
    },
    ...JSON_OUTPUT,
    ...CONFIG,
  },
  words: [1, 1],
  examples: [
    ["hotgrade look show graded/IMG_1.cube", "what the model did to a photo"],
    ["hotgrade look show look.cube --preview look.png", "see it"],
    ["hotgrade look show look.cube --json | jq .greysMonotone", "for a script"],
  ],
  async run(context) {
    const { cwd, options, words, print } = context;
    const file = absolute(cwd, words[0]!);
    const to = options.preview === undefined ? null : await outputFor(context, "--preview", options.preview, ["png"]);
    const look = await readLookFile(context, file);
    const facts = lookFacts(look);
    if (to !== null) await writePicture(context, to.file, previewStrip(look.lattice));
    if (options.json) print.json({ file, ...facts, ...(to === null ? {} : { preview: to.file }) });
    else {
      say(context, facts);
      if (to !== null) print.say(`wrote ${options.preview}`);
    }
  },
});

function say({ print }: Pick<CommandContext, "print">, facts: LookFacts): void {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const fact = (name: string, value: string) => print.line(`${print.paint.dim(name.padEnd(9))} ${value}`);
  const { clipping, greatestCast } = facts;
  if (facts.title !== null) fact("title", facts.title);
  fact("size", facts.kind === "3D" ? `${facts.size} × ${facts.size} × ${facts.size}` : `${facts.size} (1D)`);
  fact("domain", `${facts.domainMin.join(" ")} … ${facts.domainMax.join(" ")}`);
  fact("change", `${percent(facts.change)} on average`);
  const ends = `channels ${percent(clipping.low)} to black, ${percent(clipping.high)} to white`;
  fact("clipping", `${percent(clipping.colours)} of the colours; ${ends}`);
  fact("greys", facts.greysMonotone ? "in order" : `${facts.greyReversals} of ${GREY_STEPS} steps go backwards`);
  fact("cast", `up to ${greatestCast.cast.toFixed(1)} C* (at grey ${greatestCast.in.toFixed(3)})`);
  if (facts.coverage !== undefined) fact("coverage", `${percent(facts.coverage)} of the fitted picture's colours`);
  print.line();
  const number = (title: string) => ({ title, right: true });
  print.table(
    ["grey", "red", "green", "blue", "cast"].map(number),
    facts.neutral.map(({ in: grey, out, cast }) => [
      grey.toFixed(3),
      ...out.map((value) => value.toFixed(4)),
      cast.toFixed(1),
    ]),
  );
}

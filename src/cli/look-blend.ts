/** look blend: less of a look, or a look between two. */
import { showPath } from "../core/inbox/path-text.ts";
import { formatCube } from "../core/lut/cube.ts";
import { blend, weaken } from "../core/lut/lattice.ts";
import { defineCommand } from "./command.ts";
import { absolute } from "./config-paths.ts";
import { filesOf } from "./disk.ts";
import { lookName, outputFor, readLookFile, writeNewFile } from "./look-file.ts";
import { CONFIG, JSON_OUTPUT } from "./options.ts";

export const lookBlend = defineCommand({
  name: "look blend",
  summary: "weaken a look, or mix two, into a new .cube",
  usage: "FILE.cube [OTHER.cube] --strength 0…1 --out FILE.cube",
  about: [
    "With one look, --strength 0 gives the look that changes nothing and 1 the whole look; applying the result is the same as `apply --strength`. With two, 0 gives the first, 1 the second, and what lies between is mixed colour by colour, on the finer of their sizes.",
    "HaldCLUT PNGs are read too. An existing file is never replaced.",
  ],
  options: {
    strength: { kind: "number", value: "S", min: 0, max: 1, required: true, about: "How much:" },
    out: { kind: "text", short: "o", value: "FILE.cube", required: true, about: "The new file." },
    ...JSON_OUTPUT,
    ...CONFIG,
  },
  words: [1, 2],
  examples: [
    ["hotgrade look blend look.cube --strength 0.6 --out soft.cube", "60 % of a look"],
    ["hotgrade look blend day.cube night.cube --strength 0.5 --out dusk.cube", "halfway between two"],
  ],
  async run(context) {
    const { cwd, options, words, print } = context;
    const { strength } = options;
    const { file } = await outputFor(context, "--out", options.out, ["cube"]);
    const inputs = words.map((word) => absolute(cwd, word));
    const first = await readLookFile(context, inputs[0]!);
    const second = inputs[1] === undefined ? null : await readLookFile(context, inputs[1]);
    const names = inputs.map(lookName);
    const { lattice, comments } =
      second === null
        ? { lattice: weaken(first.lattice, strength), comments: [...first.comments, `${strength} of ${names[0]}.`] }
        : {
            lattice: blend(first.lattice, second.lattice, strength),
            comments: [`${Number((1 - strength).toFixed(6))} of ${names[0]} and ${strength} of ${names[1]}.`],
          };
    const text = formatCube(lattice, { title: lookName(file), comments });
    const files = filesOf(context);
    await writeNewFile(files, file, (temp) => files.writeNew(temp, text));
    if (options.json) print.json({ inputs, output: file, strength, size: lattice.n });
    else print.line(showPath(file));
  },
});

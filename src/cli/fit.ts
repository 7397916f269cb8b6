/** fit: the look between two pictures, as a .cube. */
import { performance } from "node:perf_hooks";
import { AppError } from "../core/errors.ts";
import { extensionOf, type PathText } from "../core/inbox/path-text.ts";
import { defineCommand } from "./command.ts";
import { absolute } from "./config-paths.ts";
import { filesOf, requireFiles } from "./disk.ts";
import { CONFIG, JSON_OUTPUT } from "./options.ts";
import { loadPictureConfig, withPictures } from "./pictures.ts";
import { asPicture, RAW, rawWay } from "./raw.ts";

export const fit = defineCommand({
  name: "fit",
  summary: "work out the look between a picture and its edit, as a .cube",
  usage: "BEFORE AFTER --out FILE.cube [--baseline PNG] [--size 33] [--json]",
  about: [
    "Compares a picture with an edited copy of it, finds the one colour transform that leads from the first to the second, and writes it as a .cube. Where the two differ in aspect, AFTER is taken as a centre crop of BEFORE. A .cube of that name is replaced.",
    "The verdict says whether the edit is one colour transform at all: global (yes), warn (nearly), spatial (no: parts were changed by themselves, and the .cube holds only what they have in common). --json prints {verdict, score, ms, coverage, shift, zoom, cube}.",
  ],
  options: {
    out: { kind: "text", short: "o", value: "FILE.cube", required: true, about: "The file to write." },
    baseline: {
      kind: "text",
      value: "PNG",
      about: "What the model's autoencoder makes of the untouched BEFORE; its own colour errors are then left out.",
    },
    size: {
      kind: "number",
      value: "N",
      min: 2,
      max: 129,
      whole: true,
      fallback: 33,
      about: "Points a side of the LUT:",
    },
    rounding: {
      kind: "choice",
      value: "HOW",
      of: ["rounded", "truncated"],
      fallback: "rounded",
      about: "How AFTER's colours became bytes; ComfyUI truncates.",
    },
    ...RAW,
    ...JSON_OUTPUT,
    ...CONFIG,
  },
  words: [2, 2],
  examples: [
    ["hotgrade fit photo.jpg edited.png --out look.cube", "the look of an edit"],
    ["hotgrade fit plate.png result.png --out look.cube --rounding truncated --json", "of a picture ComfyUI saved"],
  ],
  async run({ cwd, env, stderr, signal, options, words, print }) {
    const config = await loadPictureConfig({ explicit: options.config, cwd, env });
    const cube = absolute(cwd, options.out);
    // A .cube of that name is replaced, so no other file may be named by mistake.
    if (extensionOf(cube) !== "cube") throw new AppError("usage", `--out ${options.out} must end in .cube`);
    const [before, after] = [absolute(cwd, words[0]!), absolute(cwd, words[1]!)];
    const baseline = options.baseline === undefined ? null : absolute(cwd, options.baseline);
    const files = filesOf({ env });
    await requireFiles(files, [before, after, ...(baseline === null ? [] : [baseline])]);
    print.progress("fitting …");
    const { report, ms } = await withPictures(config, { stderr }, "one by one", async (pictures) => {
      const start = performance.now();
      const way = rawWay(options.raw, config);
      const picture = <T>(input: PathText, use: (file: PathText) => Promise<T>) =>
        asPicture({ files, pictures, signal }, input, way, ({ file }) => use(file));
      const report = await picture(before, (from) =>
        picture(after, (to) =>
          pictures.fit(
            {
              pairs: [{ before: from, after: to, baseline, rounding: options.rounding }],
              size: options.size,
              title: nameOf(after),
              comments: ["Fitted by hotgrade. For sRGB-encoded pictures."],
              to: cube,
            },
            signal,
          ),
        ),
      );
      return { report, ms: Math.round(performance.now() - start) };
    });
    print.settle();
    if (report.verdict === "spatial") {
      print.warn("this edit is not one colour transform: parts of the picture were changed by themselves.");
      print.warn(`the .cube holds what they have in common, and is off by about ΔE ${report.score.toFixed(1)}.`);
    }
    const { verdict, score, coverage, shift, zoom } = report;
    if (options.json) print.json({ verdict, score, ms, coverage, shift, zoom, cube });
    else {
      const paint = { global: print.paint.green, warn: print.paint.yellow, spatial: print.paint.red }[verdict];
      print.line(`verdict   ${paint(verdict)} (ΔE ${score.toFixed(2)} left over)`);
      print.line(`coverage  ${(100 * coverage).toFixed(1)} % of the picture's colours`);
      print.line(`moved     ${shift.map((pixels) => pixels.toFixed(2)).join(", ")} px, zoom ${zoom.toFixed(4)}`);
      print.line(`cube      ${options.out} (${ms} ms)`);
    }
  },
});

/** A title of plain ASCII, as .cube readers expect: the file's name without its extension. */
function nameOf(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1).replace(/\.[^.]*$/, "");
  return name.replaceAll(/[^ -~]|"/g, "_").slice(0, 80) || "look";
}

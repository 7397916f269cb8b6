/** look convert: a look in another size or another program's format. */
import { PROFILE_GROUP, PROFILE_TOOLS } from "../adapters/pictures/profile-tools.ts";
import { AppError } from "../core/errors.ts";
import { showPath } from "../core/inbox/path-text.ts";
import { formatCube } from "../core/lut/cube.ts";
import { HALD_SIZE, HALD_SIZES, haldOf } from "../core/lut/hald.ts";
import { type Lattice, resample } from "../core/lut/lattice.ts";
import { formatProfile, PROFILE_SIZE_MAX } from "../core/lut/lightroom.ts";
import { defineCommand } from "./command.ts";
import { absolute } from "./config-paths.ts";
import { filesOf } from "./disk.ts";
import { lookName, outputFor, readLookFile, writeNewFile, writePicture } from "./look-file.ts";
import { CONFIG, JSON_OUTPUT } from "./options.ts";

type Format = "cube" | "png" | "xmp";

export const lookConvert = defineCommand({
  name: "look convert",
  summary: "write a look in another size, as a HaldCLUT PNG, or (beta) as a Lightroom profile",
  usage: "FILE.(cube|png) --out FILE.(cube|png|xmp) [--size N] [--bits 8|16]",
  about: [
    "Reads a .cube or a HaldCLUT PNG; the extension of --out decides what is written. --size counts points a side everywhere.",
    ".cube: 2 to 129 points; else as many as FILE has (at most 65 of a HaldCLUT). .png: a HaldCLUT for darktable, RawTherapee, G'MIC, ImageMagick and ffmpeg; 64 points, which is level 8 and 512 × 512 pixels, or --size 4, 9, 16, 25, 36, 49, 81, 100 or 121 (level 2 to 11).",
    ".xmp (beta): a profile for Lightroom and Camera Raw with an amount slider, named as the file is, in the group “hotgrade”; at most 32 points. Import it in the profile browser. It has been proven by reading it back, and has not been opened in Lightroom yet.",
    "An existing file is never replaced.",
  ],
  options: {
    out: { kind: "text", short: "o", value: "FILE", required: true, about: "The new file: .cube, .png or .xmp." },
    size: { kind: "number", value: "N", min: 2, max: 129, whole: true, about: "Points a side:" },
    bits: { kind: "choice", value: "BITS", of: ["8", "16"], fallback: "16", about: "Depth of a HaldCLUT." },
    ...JSON_OUTPUT,
    ...CONFIG,
  },
  words: [1, 1],
  examples: [
    ["hotgrade look convert look.cube --out look.png", "for darktable and RawTherapee"],
    ["hotgrade look convert film.png --out film.cube --size 33", "a HaldCLUT as a .cube"],
    ['hotgrade look convert look.cube --out "Golden evening.xmp"', "for Lightroom (beta)"],
  ],
  async run(context) {
    const { cwd, options, words, print } = context;
    const { file, extension } = await outputFor(context, "--out", options.out, ["cube", "png", "xmp"]);
    if (options.size !== undefined) checkSize(extension, options.size);
    const input = absolute(cwd, words[0]!);
    const look = await readLookFile(context, input, extension === "cube" ? options.size : undefined);
    const size = options.size ?? sizeFor(extension, look.lattice);
    const lattice = size === look.lattice.n || extension === "png" ? look.lattice : resample(look.lattice, size);
    const files = filesOf(context);
    const write = (text: string) => writeNewFile(files, file, (temp) => files.writeNew(temp, text));
    switch (extension) {
      case "cube":
        await write(formatCube(lattice, { title: look.title ?? lookName(file), comments: look.comments }));
        break;
      case "png":
        await writePicture(context, file, haldOf(lattice, size, options.bits === "8" ? 8 : 16));
        break;
      case "xmp":
        await write(formatProfile(lattice, { name: lookName(file), group: PROFILE_GROUP }, PROFILE_TOOLS));
        print.say("Lightroom profiles are beta: read back here, not yet opened in Lightroom.");
        break;
    }
    if (options.size === undefined && look.kind === "3D" && look.size > size)
      print.say(`${look.size} points a side became ${size}.`);
    if (options.json) print.json({ input, output: file, format: FORMATS[extension], size });
    else print.line(showPath(file));
  },
});

const FORMATS = { cube: "cube", png: "haldclut", xmp: "lightroom" } as const satisfies Record<Format, string>;

function checkSize(format: Format, size: number): void {
  if (format === "png" && !HALD_SIZES.includes(size))
    throw new AppError("usage", `a HaldCLUT has ${HALD_SIZES.join(", ")} points a side, not ${size}`);
  if (format === "xmp" && size > PROFILE_SIZE_MAX)
    throw new AppError("usage", `a Lightroom profile has at most ${PROFILE_SIZE_MAX} points a side, not ${size}`);
}

function sizeFor(format: Format, { n }: Lattice): number {
  if (format === "png") return HALD_SIZE;
  return format === "xmp" ? Math.min(n, PROFILE_SIZE_MAX) : n;
}

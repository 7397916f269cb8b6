/** Looks on the command line: reading what holds one, and writing new files that replace nothing. */
import { systemIds } from "../adapters/system.ts";
import { AppError } from "../core/errors.ts";
import { baseName, extensionOf, folderOf, joinPath, type PathText, showPath } from "../core/inbox/path-text.ts";
import { CUBE_LENGTH_MAX, type Cube, parseCube } from "../core/lut/cube.ts";
import { type RgbPicture, readHald } from "../core/lut/hald.ts";
import type { Files, Pictures } from "../ports.ts";
import type { World } from "./command.ts";
import { absolute } from "./config-paths.ts";
import { filesOf, requireFiles } from "./disk.ts";
import { loadPictureConfig, withPictures } from "./pictures.ts";

export type LookWorld = Pick<World, "cwd" | "env" | "stderr" | "signal"> & {
  /** With the value of --config, if it was given. */
  readonly options: { readonly config: string | undefined };
};

const PNG_START = "\x89PNG\r\n\x1a\n";

/**
 * The look of a .cube or a HaldCLUT PNG, told apart by their first bytes. A HaldCLUT comes on `size` nodes a side.
 * Errors: `usage`, `cube-invalid`, `hald-invalid`.
 */
export async function readLookFile(world: LookWorld, file: PathText, size?: number): Promise<Cube> {
  const files = filesOf(world);
  await requireFiles(files, [file]);
  const bytes = await files.read(file, CUBE_LENGTH_MAX);
  if (bytes.toString("latin1", 0, PNG_START.length) !== PNG_START) return parseCube(bytes.toString("utf8"));
  const picture = await picturesFor(world, (pictures) => pictures.readRgb(file, world.signal));
  const { lattice, own } = readHald(picture, size);
  return { lattice, comments: [], kind: "3D", size: own, domainMin: [0, 0, 0], domainMax: [1, 1, 1] };
}

/** The file to write, which must not be there yet, with one of these extensions. */
export async function outputFor<const E extends string>(
  { cwd, env }: Pick<World, "cwd" | "env">,
  option: string,
  text: string,
  extensions: readonly E[],
): Promise<{ readonly file: PathText; readonly extension: E }> {
  const file = absolute(cwd, text);
  const extension = extensions.find((one) => one === extensionOf(file));
  if (extension === undefined)
    throw new AppError("usage", `${option} ${showPath(text)} must end in .${extensions.join(" or .")}`);
  if (await filesOf({ env }).stat(file)) throw exists(file);
  return { file, extension };
}

/** Gives what `write` makes under a temp name its own; never replaces a file. */
export async function writeNewFile(files: Files, to: PathText, write: (temp: PathText) => Promise<void>) {
  const folder = folderOf(to);
  const temp = joinPath(folder, `.hotgrade-${systemIds.uuid()}.tmp`);
  try {
    await files.makeFolder(folder);
    await write(temp);
    if ((await files.publish(temp, to)) === "taken") throw exists(to);
    await files.syncFolder(folder);
  } catch (thrown) {
    await files.discard(temp);
    throw thrown;
  }
}

/** The pixels as a new PNG. */
export function writePicture(world: LookWorld, to: PathText, picture: RgbPicture): Promise<void> {
  return picturesFor(world, (pictures) =>
    writeNewFile(filesOf(world), to, (temp) => pictures.writeRgb({ picture, to: temp }, world.signal)),
  );
}

/** A file's name without its extension, for people: what a look is called. */
export function lookName(file: PathText): string {
  const name = showPath(baseName(file));
  return name.replace(/(.)\.[^.]*$/, "$1");
}

const exists = (file: PathText) => new AppError("output-exists", `${showPath(file)} is there already`, { file });

async function picturesFor<T>(world: LookWorld, use: (pictures: Pictures) => Promise<T>): Promise<T> {
  const { cwd, env, options } = world;
  const config = await loadPictureConfig({ explicit: options.config, cwd, env });
  return withPictures(config, world, "one by one", use);
}

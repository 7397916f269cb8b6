/** The disk, for commands: opened, asked for files, and its paths shown. */
import { homedir } from "node:os";
import { relative } from "node:path";
import { openFiles } from "../adapters/files.ts";
import { AppError } from "../core/errors.ts";
import { type PathText, showPath } from "../core/inbox/path-text.ts";
import type { Files } from "../ports.ts";
import type { World } from "./command.ts";

export function filesOf(world: Pick<World, "env">): Files {
  return openFiles({
    home: world.env.HOME ?? homedir(),
    dataHome: world.env.XDG_DATA_HOME,
    uid: process.getuid?.(),
    now: () => Date.now(),
  });
}

/** Throws `usage` unless each of the files named on the command line is there: the usual mistake, said plainly. */
export async function requireFiles(files: Files, paths: readonly PathText[]): Promise<void> {
  for (const path of paths) {
    const kind = (await files.stat(path))?.kind;
    if (kind === undefined) throw new AppError("usage", `there is no file ${showPath(path)}`, { path });
    if (kind === "folder") throw new AppError("usage", `${showPath(path)} is a folder; name its files`, { path });
  }
}

/** A path as people like to read it: from here where it is below, else whole. */
export function fromHere(cwd: string, path: string): string {
  const near = relative(cwd, path);
  return showPath(near.startsWith("..") ? path : near || ".");
}

/** The disk, for commands: opened, asked for files, and its paths shown. */
import { homedir } from "node:os";
import { relative } from "node:path";
import { openSharedFiles } from "../adapters/inbox-shares.ts";
import { AppError } from "../core/errors.ts";
import { type PathText, showPath } from "../core/inbox/path-text.ts";
import type { Files } from "../ports.ts";
import type { World } from "./command.ts";

/** What runs on a network share when the program is asked to stop has this long to end. */
const GOODBYE_MS = 2_000;

export function filesOf(world: Pick<World, "env"> & Partial<Pick<World, "signal">>): Files {
  const files = openSharedFiles({
    env: world.env,
    files: { home: world.env.HOME ?? homedir(), dataHome: world.env.XDG_DATA_HOME, uid: process.getuid?.() },
  });
  world.signal?.addEventListener("abort", () => files.shares.leave(GOODBYE_MS), { once: true });
  return files;
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

/** Opens the adapters that commands without a line need: the disk, and the workers for pictures. */
import { homedir } from "node:os";
import { relative } from "node:path";
import { openFiles } from "../adapters/files.ts";
import { type OpenLog, openLog } from "../adapters/log.ts";
import { hostFacts, memoryBudget } from "../adapters/system.ts";
import type { Config } from "../core/config/parse.ts";
import { AppError } from "../core/errors.ts";
import { type PathText, showPath } from "../core/inbox/path-text.ts";
import type { Files, Pictures } from "../ports.ts";
import type { World } from "./command.ts";

export function filesOf(world: Pick<World, "env">): Files {
  return openFiles({
    home: world.env.HOME ?? homedir(),
    dataHome: world.env.XDG_DATA_HOME,
    uid: process.getuid?.(),
    now: () => Date.now(),
  });
}

/** The log as configured. `quietest` raises the level of commands that talk for themselves. */
export function logOf(config: Config, world: Pick<World, "stderr">, quietest?: "warn" | "error"): OpenLog {
  const { level, file } = config.log;
  const secrets = config.backends.flatMap((backend) => ("token" in backend && backend.token ? [backend.token] : []));
  const isQuiet =
    quietest !== undefined && file === null && (level === "debug" || level === "info" || level === "warn");
  return openLog({
    level: isQuiet ? quietest : level,
    file,
    stderr: world.stderr,
    plain: world.stderr.isTTY === true,
    secrets,
  });
}

/** Starts the picture workers for one command, and ends them with it. */
export async function withPictures<T>(
  config: Config,
  world: Pick<World, "stderr">,
  use: (pictures: Pictures) => Promise<T>,
): Promise<T> {
  const { openPictures } = await import("../adapters/pictures/pictures.ts");
  const facts = hostFacts();
  const log = logOf(config, world, "error");
  const memoryBytes = memoryBudget(config.memory, facts);
  const pictures = await openPictures({ workers: facts.cpus, memoryBytes, pixelsMax: config.limits.pixels, log });
  try {
    return await use(pictures);
  } finally {
    await pictures.close();
    await log.close();
  }
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

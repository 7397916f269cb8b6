/** The paths of a configuration: made absolute, and checked for folders that would feed themselves. */
import { resolve } from "node:path";
import type { Hooks } from "../core/config/hooks.ts";
import type { Config } from "../core/config/parse.ts";
import { AppError } from "../core/errors.ts";
import { encodePath, folderOf, joinPath, type PathText, showPath } from "../core/inbox/path-text.ts";

/** Looked for in the working directory, in this order. */
export const CONFIG_FILES = ["config/hotgrade.yaml", "hotgrade.yaml"] as const;

/** Text typed by a person, on the command line or in a file, as an absolute path. */
export function absolute(root: string, text: string): PathText {
  return encodePath(new TextEncoder().encode(resolve(root, text)));
}

/** Every path of the config, absolute. `~/` is the home folder; the rest starts at the project root. */
export function resolvePaths(config: Config, root: string, home: string | undefined): Config {
  const at = (text: string): PathText => {
    const isHome = home !== undefined && (text === "~" || text.startsWith("~/"));
    return isHome ? absolute(home, text.slice(2)) : absolute(root, text);
  };
  return {
    ...config,
    ledger: { ...config.ledger, file: at(config.ledger.file) },
    backends: config.backends.map((backend) =>
      backend.kind === "comfyui" ? { ...backend, ca: backend.ca && at(backend.ca) } : backend,
    ),
    log: { ...config.log, file: config.log.file && at(config.log.file) },
    hooks: hooksAt(config.hooks, at),
    inboxes: config.inboxes.map((inbox) => ({
      ...inbox,
      hooks: hooksAt(inbox.hooks, at),
      path: at(inbox.path),
      outbox: at(inbox.outbox),
      raw: inbox.raw.kind === "command" ? { ...inbox.raw, command: programAt(inbox.raw.command, at) } : inbox.raw,
      look: inbox.look.kind === "file" ? { kind: "file", file: at(inbox.look.file) } : inbox.look,
    })),
  };
}

/** A program named by a path lies where the config says; one named by its name alone is looked for as ever. */
function programAt(command: readonly string[], at: (text: string) => PathText): readonly string[] {
  const [program, ...words] = command;
  return program?.includes("/") ? [at(program), ...words] : command;
}

function hooksAt(hooks: Hooks, at: (text: string) => PathText): Hooks {
  return Object.fromEntries(
    Object.entries(hooks).map(([event, hook]) => [
      event,
      hook.kind === "run" ? { ...hook, command: programAt(hook.command, at) } : hook,
    ]),
  );
}

type Folder = { readonly kind: "inbox" | "outbox"; readonly path: PathText; readonly key: string };

/**
 * Refuses folders in which hotgrade would grade its own results: an inbox in an outbox, an outbox in an inbox, an inbox
 * in an inbox. Compared by real path and without case, since disks differ. Paths absolute. Throws `folders-overlap`.
 */
export async function checkFolders(
  inboxes: readonly { readonly path: PathText; readonly outbox: PathText }[],
  real: (path: PathText) => Promise<PathText | undefined>,
): Promise<void> {
  const folder = async (kind: Folder["kind"], path: PathText): Promise<Folder> => {
    return { kind, path, key: (await realOf(path, real)).normalize("NFC").toLowerCase().replace(/\/$/, "") };
  };
  const watched = await Promise.all(inboxes.map(({ path }) => folder("inbox", path)));
  const outboxes = await Promise.all(
    [...new Set(inboxes.map(({ outbox }) => outbox))].map((path) => folder("outbox", path)),
  );
  const within = (inner: Folder, outer: Folder) => inner.key.startsWith(`${outer.key}/`);
  const overlaps: string[] = [];
  const compare = (left: Folder, right: Folder) => {
    const [one, other] = [`the ${left.kind} ${showPath(left.path)}`, `the ${right.kind} ${showPath(right.path)}`];
    if (left.key === right.key) overlaps.push(`${one} and ${other} are the same folder`);
    else if (within(left, right)) overlaps.push(`${one} is inside ${other}`);
    else if (within(right, left)) overlaps.push(`${other} is inside ${one}`);
  };
  watched.forEach((inbox, at) => {
    for (const other of [...watched.slice(at + 1), ...outboxes]) compare(inbox, other);
  });
  if (overlaps.length > 0) throw new AppError("folders-overlap", overlaps.join("; "), { overlaps });
}

/** The real path of a folder that may not be there yet: that of its nearest parent, and the rest. */
async function realOf(path: PathText, real: (path: PathText) => Promise<PathText | undefined>): Promise<PathText> {
  const found = await real(path);
  const parent = folderOf(path);
  if (found !== undefined || parent === "" || parent === path) return found ?? path;
  return joinPath(await realOf(parent, real), path.slice(path.lastIndexOf("/") + 1));
}

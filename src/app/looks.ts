/** Where a photo's look comes from: its folder's look.cube, the look its inbox is locked to, or what the inbox says. */
import type { InboxConfig, LookSetting } from "../core/config/parse.ts";
import { lookWords } from "../core/config/recipe.ts";
import { AppError, asAppError } from "../core/errors.ts";
import { folderOf, type PathText, showPath } from "../core/inbox/path-text.ts";
import type { KeptLook, LookSource, Recipe } from "../core/job/job.ts";
import type { Files, Ledger, Ports } from "../ports.ts";
import type { ShootWanted } from "../ports-ledger.ts";
import { keepLook, lookAt } from "../stages/keep-look.ts";

/** Where it comes from, and the file it is still to be kept from. */
export type FoundLook = { readonly source: LookSource; readonly from: PathText | null };

export type LookPorts = Pick<Ports, "clock" | "files" | "ledger" | "looksFolder">;

/** Errors: `look-unknown`, `look-unusable`. Changes nothing. */
export async function findLook(
  { look, path }: Pick<InboxConfig, "look" | "path">,
  folderCube: PathText | undefined,
  { files, ledger, looksFolder }: Omit<LookPorts, "clock">,
  lock: "as it is" | "unlocked" = "as it is",
): Promise<FoundLook> {
  if (folderCube !== undefined) return fromFile(folderCube, files, looksFolder);
  const locked = lock === "unlocked" ? undefined : await ledger.switches.get(lockOf(path));
  if (locked !== undefined)
    return { source: { kind: "kept", locked: true, ...lookAt(looksFolder, locked) }, from: null };
  return settingLook(look, { files, ledger, looksFolder });
}

/** What `look:` itself says. Errors: `look-unknown`, `look-unusable`. */
export async function settingLook(
  look: LookSetting,
  { files, ledger, looksFolder }: Omit<LookPorts, "clock">,
): Promise<FoundLook> {
  switch (look.kind) {
    case "each":
    case "shoot":
      return { source: look, from: null };
    case "file":
      return fromFile(look.file, files, looksFolder);
    case "named": {
      const found = await ledger.looks.named(look.name);
      if (!found) throw new AppError("look-unknown", `No look is called ${look.name}${await others(ledger)}.`);
      return kept(found);
    }
  }
}

/** The switch that says which look an inbox is locked to. */
export const lockOf = (inbox: PathText): string => `look:${inbox}`;

/** Puts a look that was found into the looks folder. Errors: `look-unusable`. */
export async function keepFound({ from }: FoundLook, ports: LookPorts): Promise<void> {
  if (from === null) return;
  try {
    await keepLook(from, { score: null, job: null }, ports);
  } catch (thrown) {
    throw unusable(from, thrown);
  }
}

/** The shoot a photo belongs to, when its recipe shares looks: that of its folder, or of its time where it has none. */
export function shootOf(path: PathText, recipe: Recipe, sha256: (text: string) => string): ShootWanted | null {
  if (recipe.look.kind !== "shoot") return null;
  const { gapMs, heroes } = recipe.look;
  const folder = folderOf(path);
  const words = sha256(lookWords(recipe)).slice(0, 16);
  return { key: `${folder}\n${words}`, gapMs: folder === "" ? gapMs : null, heroes };
}

async function fromFile(file: PathText, files: Files, looksFolder: PathText): Promise<FoundLook> {
  try {
    return { source: { kind: "kept", ...lookAt(looksFolder, await files.sha256(file)) }, from: file };
  } catch (thrown) {
    throw unusable(file, thrown);
  }
}

const kept = (look: KeptLook): FoundLook => ({ source: { kind: "kept", ...look }, from: null });

const unusable = (file: PathText, thrown: unknown): AppError =>
  new AppError("look-unusable", `${showPath(file)} cannot be used: ${asAppError(thrown).message}`, { file }, thrown);

async function others(ledger: Ledger): Promise<string> {
  const names = (await ledger.looks.list()).map(({ name }) => name);
  return names.length > 0 ? `; there is ${names.join(", ")}` : "";
}

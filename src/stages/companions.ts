/** The companions of a photo on disk: which files of its folder go where it goes. */
import { type Companion, companionNames } from "../core/inbox/companions.ts";
import { stemOf } from "../core/inbox/naming.ts";
import { baseName, folderOf, joinPath, type PathText } from "../core/inbox/path-text.ts";
import type { Files, Ports } from "../ports.ts";

/** Photos of one stem that are looked at; a folder has three at most by a camera's hand. */
const NAMESAKES_MAX = 50;

type Photo = { readonly inbox: PathText | null; readonly path: PathText; readonly original: PathText };

/**
 * The companions that lie beside a photo in its inbox. `half`: the other half of its pair goes along too. What stands for
 * several photos (`IMG_1.xmp` beside `IMG_1.jpg` and `IMG_1.png`) goes with the last of them.
 */
export async function companionsOf(
  { inbox, path, original }: Photo,
  { half }: { readonly half: boolean },
  ports: Pick<Ports, "files" | "ledger">,
): Promise<readonly Companion[]> {
  const folder = folderOf(original);
  const halves = inbox === null ? [] : await ports.ledger.pairs.of(inbox, path);
  const photos = [baseName(original), ...(half ? halves.map(baseName) : [])];
  const names = photos.map(companionNames);
  const isLast = inbox === null || !(await hasNamesake(inbox, path, half ? [path, ...halves] : [path], ports));
  const wanted = new Set([
    ...names.flatMap(({ own }) => own),
    ...(isLast ? names.flatMap(({ shared }) => shared) : []),
  ]);
  return there(folder, [...photos.slice(1), ...wanted], ports.files);
}

async function there(folder: PathText, names: readonly PathText[], files: Files): Promise<readonly Companion[]> {
  const found = await Promise.all(
    names.map(async (name) => ({ name, from: joinPath(folder, name), stat: await files.stat(joinPath(folder, name)) })),
  );
  const seen = new Set<string>();
  return found.flatMap(({ name, from, stat }) => {
    // On a disk that does not tell case, IMG_1.xmp and IMG_1.XMP are one file.
    if (stat?.kind !== "file" || seen.has(stat.inode)) return [];
    if (stat.inode !== "") seen.add(stat.inode);
    return [{ from, name }];
  });
}

/** Does another photo of this stem lie in the folder, to which the shared ones belong as well? */
async function hasNamesake(
  inbox: PathText,
  path: PathText,
  ours: readonly PathText[],
  { files, ledger }: Pick<Ports, "files" | "ledger">,
): Promise<boolean> {
  const stem = `${joinPath(folderOf(path), stemOf(path))}.`;
  const page = await ledger.sightings.of(inbox, { after: stem, limit: NAMESAKES_MAX });
  for (const other of page) {
    if (!other.path.startsWith(stem) || ours.includes(other.path)) continue;
    const isPhoto = other.state === "taken" || other.state === "settling";
    if (isPhoto && (await files.stat(joinPath(inbox, other.path)))) return true;
  }
  return false;
}

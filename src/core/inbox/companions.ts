/**
 * Companions: the files that belong to a photo and go where it goes. Develop settings of other programs, the movie of a live
 * photo, a voice memo, and of a RAW and JPEG pair the other half.
 *
 * Two styles of names are in use: `IMG_1.xmp` (Lightroom, Bridge; a camera's own movies and memos) stands for every photo of
 * that stem, `IMG_1.CR3.xmp` (darktable, RawTherapee, DxO, ON1) for one file.
 */
import { numberedNames, stemOf } from "./naming.ts";
import { baseName, decodePath, extensionOf, folderOf, joinPath, type PathText } from "./path-text.ts";
import { kindOfName } from "./rule.ts";

/** Endings of companions, lower case. `vrd` and `dr4` are Canon's recipes, `thm` and `wav` a camera's thumbnail and memo. */
export const COMPANION_ENDINGS: readonly string[] = "xmp pp3 dop on1 aae vrd dr4 thm wav mov mp4".split(" ");

const NAME_BYTES_MAX = 255;

/** A companion: where it lies, and its name where its photo came from. */
export type Companion = { readonly from: PathText; readonly name: PathText };

/** One on its way. */
export type Moving = Companion & { readonly to: PathText };

/**
 * What a photo's companions may be called, as cameras and programs write it: the ending in lower or in upper case. `own` are
 * of this file alone (`IMG_1.CR3.xmp`), `shared` of every photo of its stem (`IMG_1.xmp`).
 */
export function companionNames(photo: PathText): {
  readonly own: readonly PathText[];
  readonly shared: readonly PathText[];
} {
  const endings = COMPANION_ENDINGS.flatMap((ending) => [ending, ending.toUpperCase()]);
  const behind = (start: PathText): readonly PathText[] =>
    endings
      .map((ending) => `${start}.${ending}` as PathText)
      .filter((name) => decodePath(name).length <= NAME_BYTES_MAX);
  return { own: behind(baseName(photo)), shared: behind(stemOf(photo)) };
}

/**
 * The nth name, from 0, of a photo or of a companion. The number stands behind the stem that they share, so that the files
 * of one photo stay together: `numberedAlong("IMG_1.CR3.xmp", 1)` is "IMG_1-2.CR3.xmp".
 */
export function numberedAlong(name: PathText, nth: number): PathText {
  const photo = stemOf(name);
  const isOwn = COMPANION_ENDINGS.includes(extensionOf(name)) && kindOfName(photo) === "photo";
  return numberedNames(name, nth + 1, isOwn ? stemOf(photo) : photo)[nth] ?? name;
}

/** Where companions lie once their photo lies in `folder` under its nth name. */
export const movingTo = (folder: PathText, nth: number, companions: readonly Companion[]): readonly Moving[] =>
  companions.map(({ from, name }) => ({ from, name, to: joinPath(folder, numberedAlong(name, nth)) }));

/** Where a companion lies beside a photo that was at `home` and is at `place` now: under the same number. */
export function sameNumber(home: PathText, place: PathText, name: PathText): PathText {
  const nth = numberedNames(baseName(home)).indexOf(baseName(place));
  return joinPath(folderOf(place), numberedAlong(name, Math.max(0, nth)));
}

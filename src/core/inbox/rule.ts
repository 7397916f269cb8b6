/**
 * Which names in an inbox are looked at. Names alone decide here; what a file holds is found out later.
 *
 * Temp names come from browsers, sync programs, editors, tethering and network file systems. Most of them are hidden or
 * end in an extension that is no photo's; the patterns below are those that would pass for a photo, and the folders.
 */
import { extensionOf } from "./path-text.ts";

/** What a name makes of a file: `foreign` is a picture that intake refuses, `recipe` refines its folder. */
export type NameKind = "photo" | "foreign" | "recipe" | "none";

const PHOTOS = new Set("jpg jpeg jpe jfif png tif tiff webp avif heic heif hif".split(" "));

/** Pictures that are not graded (yet): a person who drops one wants to hear why nothing happens. */
const FOREIGN = new Set("heics heifs avifs gif bmp jxl jp2 psd psb".split(" "));

/** A camera's RAW; what the inbox's `raw` says becomes of it. */
const RAWS = new Set(
  (
    "3fr ari arw bay cr2 cr3 crw dcr dcs dng drf eip erf fff gpr iiq k25 kdc mef mos mrw nef nrw orf pef ptx raf raw " +
    "rw2 rwl sr2 srf srw x3f"
  ).split(" "),
);

/** Files that refine the recipe of their folder and of those below. */
export const RECIPE_FILES = ["prompt.txt", "look.cube"] as const;

const TEMP_NAMES: readonly RegExp[] = [
  /^\./, // hidden: ._ AppleDouble, .syncthing.*, .goutputstream-*, .fuse_hidden*, .nfs*, .smbdelete*, rsync's .name.Xa1b2c
  /^~\$/, // an Office lock
  /^~syncthing~/i,
  /~$/, // an editor's backup
  /\.(tmp|temp|part|partial|crdownload|opdownload|filepart|download|aria2|upload|uploading|inprogress|swp|lock|dtmp|!ut)$/i,
  /\.(tmp|temp|part|partial|filepart|upload|uploading|writing|copying)\.[^.]+$/i, // name.part.jpg
  /\.sb-[0-9a-f]{8}-\w+$/i, // macOS safe save
  /^(thumbs\.db|desktop\.ini|icon\r)$/i,
];

const SYSTEM_FOLDERS: readonly RegExp[] = [
  /^\./,
  /^@/, // @eaDir, @Recycle, @Recently-Snapshot, @__thumb: Synology and QNAP
  /^#(recycle|snapshot)$/i,
  /^\$RECYCLE\.BIN$/i,
  /^RECYCLER$/i,
  /^System Volume Information$/i,
  /^lost\+found$/,
  /^__MACOSX$/,
  /\.(download|part|partial|tmp|lrdata|photoslibrary)$/i, // Safari's half-loaded bundles, catalogues of other programs
  /\.sb-[0-9a-f]{8}-\w+$/i,
];

/** What systems leave in a folder that has nothing else in it. */
export const isLitter = (name: string): boolean => /^(\._.*|\.ds_store|thumbs\.db|desktop\.ini|icon\r)$/i.test(name);

export function isTempName(name: string): boolean {
  return TEMP_NAMES.some((pattern) => pattern.test(name));
}

/** True for folders that no scan enters. */
export function isSystemFolder(name: string): boolean {
  return SYSTEM_FOLDERS.some((pattern) => pattern.test(name));
}

/** `kindOfName("IMG_1.JPG")` is "photo", of "README.txt" "none". */
export function kindOfName(name: string): NameKind {
  if (isTempName(name)) return "none";
  const extension = extensionOf(name);
  if (PHOTOS.has(extension) || RAWS.has(extension)) return "photo";
  if (FOREIGN.has(extension)) return "foreign";
  return (RECIPE_FILES as readonly string[]).includes(name.toLowerCase()) ? "recipe" : "none";
}

export const isRawName = (name: string): boolean => !isTempName(name) && RAWS.has(extensionOf(name));

/** A picture that can be graded, by its name: `isPhotoName("IMG_1.JPG")` is true, of "IMG_1.gif" false. */
export function isPhotoName(name: string): boolean {
  return kindOfName(name) === "photo";
}

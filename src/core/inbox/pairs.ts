/**
 * RAW and JPEG pairs: one photo that the camera wrote twice. Names decide which files are halves of one; of a pair one
 * half is graded and the other belongs to it.
 *
 * A pair is a RAW and a JPEG or HEIF in the same folder with the same stem, whatever its case: `IMG_1.CR3` and `img_1.jpg`.
 * `IMG_1.JPG` and `IMG_1-2.CR3` are two photos.
 */
import type { ErrorCode } from "../errors.ts";
import { stemKey, stemOf } from "./naming.ts";
import { extensionOf, type PathText } from "./path-text.ts";
import { isRawName, isTempName } from "./rule.ts";

/** Which half is graded. */
export type PairRule = "jpeg" | "raw";

export type HalfKind = "raw" | "jpeg" | "heif";

const JPEGS = new Set(["jpg", "jpeg", "jpe", "jfif"]);
const HEIFS = new Set(["heic", "heif", "hif"]);

/** The better half has the lower rank; equal ranks are two photos. */
const RANKS: Readonly<Record<PairRule, Readonly<Record<HalfKind, number>>>> = {
  jpeg: { jpeg: 0, heif: 1, raw: 2 },
  raw: { raw: 0, jpeg: 1, heif: 2 },
};

/** `PXL_20240102_030405678.RAW-01.COVER.jpg` and `….RAW-02.ORIGINAL.dng`: Google's camera names the halves. */
const PIXEL = /\.RAW-0[12](\.[A-Z]+)*\.(COVER|ORIGINAL)$/i;

export function halfOf(name: PathText | string): HalfKind | undefined {
  if (isTempName(name)) return undefined;
  if (isRawName(name)) return "raw";
  const extension = extensionOf(name);
  return JPEGS.has(extension) ? "jpeg" : HEIFS.has(extension) ? "heif" : undefined;
}

/** Halves of one folder with the same key are one photo: `pairKey("IMG_1.CR3")` equals `pairKey("img_1.JPG")`. */
export function pairKey(name: PathText): string {
  return stemKey(pairStem(name));
}

/** What the names of both begin with, where they are of one case. */
export const pairStem = (name: PathText): string => stemOf(name).replace(PIXEL, "");

/**
 * `coming`: it has not settled. `incomplete`: it stands still without an end. `graded`: it was taken, whatever has become of
 * it so far. `lost`: it cannot be graded. `belongs`: to another half.
 */
export type MateState = "coming" | "incomplete" | "graded" | "lost" | "belongs";
export type Mate = { readonly name: PathText; readonly kind: HalfKind; readonly state: MateState };

export type PairRole =
  | { readonly kind: "take" }
  | { readonly kind: "wait" }
  | { readonly kind: "belongs"; readonly to: PathText };

/** What becomes of a settled half beside these others, after `waitedMs`. The better half never waits. */
export function pairRole(
  kind: HalfKind,
  mates: readonly Mate[],
  { rule, waitMs, waitedMs }: { readonly rule: PairRule; readonly waitMs: number; readonly waitedMs: number },
): PairRole {
  const kinds = [kind, ...mates.map((mate) => mate.kind)];
  const isPair = kinds.includes("raw") && kinds.some((each) => each !== "raw");
  const others = isPair ? mates.filter((mate) => mate.kind !== kind) : [];
  const rankOf = (of: HalfKind): number => RANKS[rule][of];
  const [owner] = others
    .filter(({ state }) => state === "graded")
    .sort((one, other) => rankOf(one.kind) - rankOf(other.kind));
  if (owner) return { kind: "belongs", to: owner.name };
  const better = others.filter((mate) => rankOf(mate.kind) < rankOf(kind));
  if (better.some(({ state }) => state === "coming")) return { kind: "wait" };
  const mayBeAlone = (kind === "raw") === (rule === "raw") || better.some(({ state }) => state === "lost");
  return mayBeAlone || waitedMs >= waitMs ? { kind: "take" } : { kind: "wait" };
}

/** The file's own fault: its other half may do better. A render that failed would fail for that one too. */
export const OWN_FAULTS: readonly ErrorCode[] = [
  "original-gone",
  "file-truncated",
  "file-unsupported",
  "file-too-large",
  "picture-damaged",
  "picture-too-large",
  "picture-too-small",
  // Only a RAW is developed; and a file that ends the picture worker each time is one no worker can read.
  "raw-command-failed",
  "worker-died",
];

const BEGIN = "Belongs to ";

/** The sentence that its sighting keeps; `ownerIn` reads it again. */
export const belongsTo = (name: PathText): string => `${BEGIN}${name}.`;

/** The name in it: `ownerIn("Belongs to IMG_1.JPG.")` is "IMG_1.JPG". */
export function ownerIn(message: string | null): PathText | undefined {
  return message?.startsWith(BEGIN) && message.endsWith(".")
    ? (message.slice(BEGIN.length, -1) as PathText)
    : undefined;
}

/**
 * What makes the picture of a CR3: the data of its sensor and JPEGs, and its preview. EXIF, the maker's notes and where
 * things lie (`moov`) and XMP are left out; how the data are to be decoded stands in `moov` too, where no program changes it
 * without writing other data.
 *
 * Source  ISO/IEC 14496-12 §4.2; the layout of CR3 as github.com/lclevy/canon_cr3 documents it.
 */
import { placesOf } from "../boxes.ts";
import { type Source, stretch } from "../source.ts";

const PREVIEW = "eaf42b5e1c984b88b9fbb7dc406e4d16";

export const isCr3 = (start: Buffer): boolean => start.toString("latin1", 4, 12) === "ftypcrx ";

/** Errors: `RangeError` for a file that is cut short or holds no data. */
export async function* cr3Bytes(source: Source): AsyncGenerator<Buffer | string> {
  const places = await placesOf(source);
  if (places.at(-1)?.end !== source.size || !places.some(({ type }) => type === "mdat"))
    throw new RangeError("the CR3 is cut short");
  for (const { type, from, end } of places) {
    const isPreview = type === "uuid" && (await source.read(from, 16)).toString("hex") === PREVIEW;
    if (type !== "mdat" && !isPreview) continue;
    yield `${type}${end - from}\n`;
    yield* stretch(source, from, end - from);
  }
}

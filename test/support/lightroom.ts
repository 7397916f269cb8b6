/**
 * Reads a Lightroom profile as Adobe's DNG SDK does (`dng_big_table::DecodeFromString`, `dng_rgb_table::GetStream`):
 * written from the other side, with its own table of digits, so that a mistake of the writer shows.
 */
import { createHash } from "node:crypto";
import { inflateSync } from "node:zlib";
import { type Lattice, latticeOf } from "../../src/core/lut/lattice.ts";

export type Profile = {
  readonly attributes: Readonly<Record<string, string>>;
  readonly name: string;
  readonly group: string;
  readonly lattice: Lattice;
  readonly primaries: number;
  readonly gamma: number;
  readonly gamut: number;
  readonly amount: readonly [least: number, greatest: number];
};

/** Adobe's digits by value. */
const GROUPS = ["0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", ".-:+=^!/*?`'|()[]{}@%$#"];
const VALUES = new Map([...GROUPS.join("")].map((digit, value) => [digit, value]));

export function readProfile(text: string): Profile {
  const attributes = Object.fromEntries(
    [...text.matchAll(/\bcrs:(\w+)="([^"]*)"/g)].map(([, key, value]) => [key!, value!]),
  );
  const fingerprint = attributes.RGBTable!;
  const table = fromDigits(attributes[`Table_${fingerprint}`]!);
  const raw = inflateSync(table.subarray(4));
  if (raw.length !== table.readUInt32LE(0)) throw new Error(`${raw.length} bytes, not ${table.readUInt32LE(0)}`);
  const digest = createHash("md5").update(raw).digest("hex").toUpperCase();
  if (digest !== fingerprint) throw new Error(`the table is ${digest}, not ${fingerprint}`);
  return { attributes, name: wordsOf(text, "Name"), group: wordsOf(text, "Group"), ...readTable(raw) };
}

/** Unknown characters are passed over; k + 1 digits at the end are k bytes. */
export function fromDigits(text: string): Buffer {
  const bytes: number[] = [];
  let [phase, value] = [0, 0];
  const give = (count: number) => {
    for (let k = 0; k < count; k++) bytes.push(Math.floor(value / 256 ** k) % 256);
  };
  for (const character of text) {
    const digit = VALUES.get(character);
    if (digit === undefined) continue;
    value += digit * 85 ** phase;
    if (++phase < 5) continue;
    give(4);
    [phase, value] = [0, 0];
  }
  give(Math.max(0, phase - 1));
  return Buffer.from(bytes);
}

function readTable(raw: Buffer): Pick<Profile, "lattice" | "primaries" | "gamma" | "gamut" | "amount"> {
  const [kind, version, dimensions, n] = [0, 4, 8, 12].map((at) => raw.readUInt32LE(at)) as [
    number,
    number,
    number,
    number,
  ];
  if (kind !== 1 || version !== 1 || dimensions !== 3 || n < 2 || n > 32)
    throw new Error(`no RGB table: ${[kind, version, dimensions, n]}`);
  const still = Array.from({ length: n }, (_, index) => Math.trunc((index * 0xffff + (n >> 1)) / (n - 1)));
  const lattice = latticeOf(n, (r, g, b) => {
    const place = [r, g, b].map((value) => Math.round(value * (n - 1))) as [number, number, number];
    const at = 16 + 6 * ((place[0] * n + place[1]) * n + place[2]);
    return place.map((index, c) => ((raw.readUInt16LE(at + 2 * c) + still[index]!) & 0xffff) / 0xffff) as [
      number,
      number,
      number,
    ];
  });
  const end = 16 + 6 * n ** 3;
  if (raw.length !== end + 28) throw new Error(`${raw.length - end} bytes after the table`);
  const [primaries, gamma, gamut] = [0, 4, 8].map((at) => raw.readUInt32LE(end + at)) as [number, number, number];
  return { lattice, primaries, gamma, gamut, amount: [raw.readDoubleLE(end + 12), raw.readDoubleLE(end + 20)] };
}

function wordsOf(text: string, element: string): string {
  const found = new RegExp(`<crs:${element}>\\s*<rdf:Alt>\\s*<rdf:li xml:lang="x-default">([^<]*)</rdf:li>`).exec(text);
  return (found?.[1] ?? "").replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

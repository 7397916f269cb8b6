/**
 * .cube files: a lattice as text that Resolve, Photoshop, darktable and ffmpeg read.
 *
 * Shape   one line a node, "R G B", red fastest; `LUT_1D_SIZE` tables hold one line an input value, each channel its own.
 * Units   encoded R′G′B′, nominally 0 … 1, in the colour space of the picture the LUT is for; .cube itself names none.
 * Source  Adobe Systems, Cube LUT Specification 1.0 (2013); `LUT_3D_INPUT_RANGE` is Resolve's one-number domain.
 */
import type { Triple } from "../colour/srgb.ts";
import { AppError } from "../errors.ts";
import { LATTICE_SIZE_MAX, LATTICE_SIZE_MIN, type Lattice, latticeOf } from "./lattice.ts";
import { readPlainRows } from "./rows.ts";
import { sampleTetrahedral } from "./sample.ts";

export type Cube = {
  readonly title?: string;
  /** The lines after "#" before the table, trimmed; the first hundred. */
  readonly comments: readonly string[];
  /** Over 0 … 1 and ready to apply, whatever the file's own domain was. */
  readonly lattice: Lattice;
  /** What the file held. */
  readonly kind: "1D" | "3D";
  readonly size: number;
  readonly domainMin: Triple;
  readonly domainMax: Triple;
};

/** The specification's greatest 1D table. */
const TABLE_SIZE_MAX = 65_536;
/** Longer lines are no .cube; the specification allows 250 characters. */
const LINE_LENGTH_MAX = 1_000;
/** A file of 129³ long rows has 140 MB; nothing real is longer. */
export const CUBE_LENGTH_MAX = 160_000_000;
/** Nodes a side for what must be resampled: 1D tables and other domains. */
const RESAMPLED_SIZE = 65;
const TITLE_LENGTH_MAX = 100;
const COMMENTS_MAX = 100;
const NUMBER = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/;

type Kind = Cube["kind"];

/** What the head of the file said; `at` are line numbers, for complaints. */
type Head = {
  title?: string;
  comments: string[];
  table?: { kind: Kind; size: number; at: number };
  domainMin?: Triple;
  domainMax?: Triple;
  range?: readonly [number, number];
};

/** Reads a .cube, or throws `cube-invalid` with the number of the line that is wrong. */
export function parseCube(text: string): Cube {
  if (text.length > CUBE_LENGTH_MAX)
    throw new AppError("cube-invalid", `The file is longer than ${CUBE_LENGTH_MAX} characters.`);
  const head: Head = { comments: [] };
  let rows: Float32Array | undefined;
  let filled = 0;
  let lineNumber = 0;
  let at = text.startsWith("\uFEFF") ? 1 : 0;
  while (at < text.length) {
    if (rows !== undefined) {
      const plain = readPlainRows(text, at, rows, filled);
      lineNumber += (plain.filled - filled) / 3;
      ({ at, filled } = plain);
      if (at >= text.length) break;
    }
    const { line, next } = lineAt(text, at);
    at = next;
    lineNumber++;
    if (line.length > LINE_LENGTH_MAX) throw invalid(lineNumber, `longer than ${LINE_LENGTH_MAX} characters`);
    const words = line.trim().split(/[ \t]+/);
    const first = words[0]!;
    if (first === "" || first.startsWith("#")) {
      if (first !== "" && rows === undefined) keepComment(head, line);
      continue;
    }
    if (/^[A-Za-z_]/.test(first) && !/^(nan|inf|infinity)$/i.test(first)) {
      if (rows !== undefined) throw invalid(lineNumber, `${quoted(first)} after the first row of numbers`);
      readKeyword(head, first, words.slice(1), line, lineNumber);
      continue;
    }
    rows ??= roomFor(head, lineNumber);
    if (filled === rows.length) throw invalid(lineNumber, `more than ${rows.length / 3} rows`);
    rows.set(numbersOf(words, 3, lineNumber), filled);
    filled += 3;
  }
  if (rows === undefined || head.table === undefined) throw invalid(lineNumber, "the file ends without a table");
  if (filled < rows.length) throw invalid(lineNumber, `the file ends after ${filled / 3} of ${rows.length / 3} rows`);
  return cubeOf(head, head.table, rows);
}

function keepComment({ comments }: Head, line: string): void {
  const comment = line.trim().replace(/^#+\s*/, "");
  if (comment !== "" && comments.length < COMMENTS_MAX) comments.push(comment);
}

const LINE = /[^\r\n]*(?:\r\n|\n|\r|$)/y;

/** The line that begins at `at`, and where the next does; ends are LF, CRLF or CR. */
function lineAt(text: string, at: number): { readonly line: string; readonly next: number } {
  LINE.lastIndex = at;
  const [whole] = LINE.exec(text)!;
  return { line: whole.replace(/[\r\n]+$/, ""), next: at + whole.length };
}

function readKeyword(head: Head, name: string, words: readonly string[], line: string, at: number): void {
  switch (name.toUpperCase()) {
    case "TITLE":
      once(head.title === undefined, name, at);
      head.title = line.trim().slice("TITLE".length).trim().replace(/^"|"$/g, "");
      return;
    case "LUT_3D_SIZE":
    case "LUT_1D_SIZE":
      if (head.table !== undefined) throw invalid(at, `a second size; the first is in line ${head.table.at}`);
      head.table = tableOf(name.toUpperCase() === "LUT_3D_SIZE" ? "3D" : "1D", words, at);
      return;
    case "DOMAIN_MIN":
      once(head.domainMin === undefined, name, at);
      head.domainMin = numbersOf(words, 3, at) as unknown as Triple;
      break;
    case "DOMAIN_MAX":
      once(head.domainMax === undefined, name, at);
      head.domainMax = numbersOf(words, 3, at) as unknown as Triple;
      break;
    case "LUT_3D_INPUT_RANGE":
    case "LUT_1D_INPUT_RANGE":
      once(head.range === undefined, name, at);
      head.range = numbersOf(words, 2, at) as unknown as readonly [number, number];
      break;
    default:
      throw invalid(at, `the keyword ${quoted(name)} is unknown`);
  }
  checkDomain(head, at);
}

function once(isFirst: boolean, name: string, at: number): void {
  if (!isFirst) throw invalid(at, `a second ${name.toUpperCase()}`);
}

function tableOf(kind: Kind, words: readonly string[], at: number): NonNullable<Head["table"]> {
  const size = Number(words[0]);
  const most = kind === "3D" ? LATTICE_SIZE_MAX : TABLE_SIZE_MAX;
  if (words.length !== 1 || !/^\d{1,6}$/.test(words[0]!) || size < LATTICE_SIZE_MIN || size > most)
    throw invalid(at, `a ${kind} size is one whole number from ${LATTICE_SIZE_MIN} to ${most}`);
  return { kind, size, at };
}

function checkDomain(head: Head, at: number): void {
  if (head.range !== undefined && (head.domainMin !== undefined || head.domainMax !== undefined))
    throw invalid(at, "both an input range and a domain");
  const [low, high] = domainOf(head);
  // A single DOMAIN_MIN may lie above the default maximum until DOMAIN_MAX follows, so that waits for the first row.
  const both = head.range !== undefined || (head.domainMin !== undefined && head.domainMax !== undefined);
  if (both && !low.every((value, c) => value < high[c]!)) throw invalid(at, "the domain's end is not above its start");
}

function domainOf({ domainMin, domainMax, range }: Head): readonly [Triple, Triple] {
  if (range !== undefined)
    return [
      [range[0], range[0], range[0]],
      [range[1], range[1], range[1]],
    ];
  return [domainMin ?? [0, 0, 0], domainMax ?? [1, 1, 1]];
}

/** Room for all rows, once the head is complete: the size bounds it. */
function roomFor(head: Head, at: number): Float32Array {
  if (head.table === undefined) throw invalid(at, "a row of numbers before LUT_3D_SIZE or LUT_1D_SIZE");
  const [low, high] = domainOf(head);
  if (!low.every((value, c) => value < high[c]!)) throw invalid(at, "the domain's end is not above its start");
  return new Float32Array(3 * (head.table.kind === "3D" ? head.table.size ** 3 : head.table.size));
}

/** Exactly `count` finite numbers; float32 is what they are kept in, so they must be finite there too. */
function numbersOf(words: readonly string[], count: number, at: number): readonly number[] {
  if (words.length !== count) throw invalid(at, `${count} numbers are expected here, not ${words.length}`);
  return words.map((word) => {
    const value = NUMBER.test(word) ? Number(word) : Number.NaN;
    if (!Number.isFinite(Math.fround(value))) throw invalid(at, `${quoted(word)} is not a number`);
    return value;
  });
}

function cubeOf(head: Head, { kind, size }: NonNullable<Head["table"]>, rows: Float32Array): Cube {
  const [domainMin, domainMax] = domainOf(head);
  const plain = [...domainMin, ...domainMax].every((value, at) => value === (at < 3 ? 0 : 1));
  const place = (value: number, c: number) => (value - domainMin[c]!) / (domainMax[c]! - domainMin[c]!);
  let lattice: Lattice;
  if (kind === "1D")
    lattice = latticeOf(RESAMPLED_SIZE, (r, g, b) => [
      readTable(rows, size, 0, place(r, 0)),
      readTable(rows, size, 1, place(g, 1)),
      readTable(rows, size, 2, place(b, 2)),
    ]);
  else if (plain) lattice = { n: size, values: rows };
  else {
    const own = { n: size, values: rows };
    const n = Math.max(RESAMPLED_SIZE, size);
    lattice = latticeOf(n, (r, g, b) => sampleTetrahedral(own, [place(r, 0), place(g, 1), place(b, 2)]));
  }
  const { title, comments } = head;
  return { ...(title === undefined ? {} : { title }), comments, lattice, kind, size, domainMin, domainMax };
}

/** One channel of a 1D table, linearly; `place` 0 … 1 along it, clipped. */
function readTable(rows: Float32Array, size: number, channel: number, place: number): number {
  const at = Math.min(1, Math.max(0, place)) * (size - 1);
  const index = Math.min(size - 2, Math.floor(at));
  const low = rows[3 * index + channel]!;
  return low + (at - index) * (rows[3 * index + 3 + channel]! - low);
}

const invalid = (line: number, what: string): AppError =>
  new AppError("cube-invalid", `line ${line}: ${what}`, { line });

const quoted = (word: string): string => JSON.stringify(word.slice(0, 40));

/**
 * A lattice as .cube text: 6 decimals, never an exponent, `.` as the decimal point, LF.
 * Comments stand above the table, one line each; title and comments keep printable ASCII only.
 */
export function formatCube(
  { n, values }: Lattice,
  { title, comments = [] }: { readonly title: string; readonly comments?: readonly string[] },
): string {
  const head = [
    `TITLE "${printable(title).replaceAll('"', "'").slice(0, TITLE_LENGTH_MAX)}"`,
    ...comments.map((comment) => `# ${printable(comment).slice(0, 240)}`),
    `LUT_3D_SIZE ${n}`,
    "DOMAIN_MIN 0 0 0",
    "DOMAIN_MAX 1 1 1",
  ];
  const rows: string[] = [];
  for (let q = 0; q < values.length; q += 3)
    rows.push(`${decimal(values[q]!)} ${decimal(values[q + 1]!)} ${decimal(values[q + 2]!)}`);
  return `${head.join("\n")}\n${rows.join("\n")}\n`;
}

function printable(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .replace(/[^\x20-\x7e]/gu, "?")
    .trim();
}

/** "000" … "999": most of a table are two of these after a point, ten times as fast as `toFixed`. */
const THREE_DIGITS = Array.from({ length: 1000 }, (_, count) => String(count).padStart(3, "0"));

/** `toFixed` leaves fixed notation only from 1e21 on, far beyond any colour; negative zero is written as zero. */
function decimal(value: number): string {
  const millionths = Math.round(value * 1e6);
  if (millionths > 0 && millionths < 1e6)
    return `0.${THREE_DIGITS[Math.floor(millionths / 1000)]}${THREE_DIGITS[millionths % 1000]}`;
  if (!Number.isFinite(value) || Math.abs(value) >= 1e21)
    throw new AppError("internal", `a lattice value of ${value} cannot be written`);
  const text = value.toFixed(6);
  return text === "-0.000000" ? "0.000000" : text;
}

/** Writes to people and programs: data to stdout, talk to stderr, colours and a progress line on terminals only. */
import type { AppError } from "../core/errors.ts";
import { cut, displayWidth, padEnd, padStart, wrap } from "./width.ts";

/** As much of a stream as is written to. */
export type Sink = {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
};

export type Paint = Readonly<Record<"bold" | "dim" | "red" | "green" | "yellow" | "cyan", (text: string) => string>>;

export type Column = {
  readonly title: string;
  /** Numbers stand to the right. */
  readonly right?: boolean;
  readonly paint?: (text: string) => string;
};

export type Printer = {
  /** Colours for stdout; they change nothing where stdout is no terminal. */
  readonly paint: Paint;
  /** One line of data on stdout. */
  line(text?: string): void;
  /** The one JSON document of a command, on stdout. */
  json(value: unknown): void;
  /** Rows under their titles on stdout; the last column is cut to the terminal. */
  table(columns: readonly Column[], rows: readonly (readonly (string | number)[])[]): void;
  /** Talk on stderr. */
  say(text: string): void;
  warn(text: string): void;
  error(error: AppError, verbose?: boolean): void;
  /** What is going on, on one line that rewrites itself: only on a terminal, and only after a second of it. */
  progress(text: string): void;
  /** Takes the progress line away; every other method does so first. */
  settle(): void;
};

const PROGRESS_AFTER_MS = 1_000;
const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;

/** Control characters but line breaks and tabs, and those that turn the direction of text: a terminal obeys them. */
const OBEYED = /[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/gu;

/** Text from outside with what a terminal would obey made visible. */
export function harmless(text: string): string {
  return text.replaceAll(OBEYED, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}

function paintFor(sink: Sink, env: Readonly<Record<string, string | undefined>>): Paint {
  const isOn = sink.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb";
  const paint = ([on, off]: readonly [number, number]) =>
    isOn ? (text: string) => `\u001b[${on}m${text}\u001b[${off}m` : (text: string) => text;
  return {
    bold: paint(CODES.bold),
    dim: paint(CODES.dim),
    red: paint(CODES.red),
    green: paint(CODES.green),
    yellow: paint(CODES.yellow),
    cyan: paint(CODES.cyan),
  };
}

export function printerTo(world: {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds of any steady clock. */
  readonly now: () => number;
}): Printer {
  const { stdout, stderr } = world;
  const paint = paintFor(stdout, world.env);
  const talk = paintFor(stderr, world.env);
  let progressSince: number | null = null;
  let isDrawn = false;

  const clear = () => {
    if (isDrawn) stderr.write("\r\u001b[K");
    isDrawn = false;
  };
  const out = (text: string) => {
    clear();
    stdout.write(`${text}\n`);
  };
  const talkLine = (text: string) => {
    clear();
    stderr.write(`${text}\n`);
  };
  return {
    paint,
    line: (text = "") => out(text),
    json: (value) => out(JSON.stringify(value, null, stdout.isTTY ? 2 : undefined)),
    table(columns, rows) {
      for (const line of tableLines(columns, rows, stdout.isTTY ? stdout.columns || 80 : null, paint)) out(line);
    },
    say: (text) => talkLine(harmless(text)),
    warn: (text) => talkLine(`${talk.yellow("warning:")} ${harmless(text)}`),
    error(error, verbose = false) {
      talkLine(`${talk.red(`error[${error.code}]:`)} ${harmless(error.message)}`);
      const columns = stderr.isTTY ? Math.max(40, stderr.columns ?? 80) : Number.POSITIVE_INFINITY;
      talkLine(`${talk.cyan("hint:")} ${wrap(error.hint, columns - 6).join("\n      ")}`);
      if (!verbose) return;
      for (const line of causesOf(error)) talkLine(talk.dim(harmless(line)));
    },
    progress(text) {
      if (!stderr.isTTY) return;
      const now = world.now();
      progressSince ??= now;
      if (now - progressSince < PROGRESS_AFTER_MS) return;
      stderr.write(`\r${cut(harmless(text), (stderr.columns || 80) - 1)}\u001b[K`);
      isDrawn = true;
    },
    settle() {
      clear();
      progressSince = null;
    },
  };
}

/** The stack of an error and of everything it wraps, outermost first. */
function causesOf(error: Error): string[] {
  const lines: string[] = [];
  for (let cause: unknown = error, depth = 0; cause !== undefined && depth < 8; depth++) {
    const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    lines.push(...(depth === 0 ? text : `caused by: ${text}`).split("\n"));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return lines;
}

function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly (string | number)[])[],
  width: number | null,
  paint: Paint,
): string[] {
  const cells = rows.map((row) => row.map((cell) => harmless(String(cell)).replaceAll(/[\n\t]/g, " ")));
  const widths = columns.map(({ title }, at) => {
    return cells.reduce((most, row) => Math.max(most, displayWidth(row[at] ?? "")), displayWidth(title));
  });
  const last = columns.length - 1;
  const before = widths.slice(0, last).reduce((sum, columnWidth) => sum + columnWidth + 2, 0);
  if (width !== null) widths[last] = Math.max(10, Math.min(widths[last] ?? 0, width - before));
  const line = (texts: readonly string[], painted: boolean) =>
    columns
      .map(({ right, paint: color }, at) => {
        const text = cut(texts[at] ?? "", widths[at]!);
        const padded = right ? padStart(text, widths[at]!) : at === last ? text : padEnd(text, widths[at]!);
        return painted && color ? color(padded) : padded;
      })
      .join("  ")
      .trimEnd();
  const titles = columns.map(({ title }) => title);
  return [paint.dim(line(titles, false)), ...cells.map((row) => line(row, true))];
}

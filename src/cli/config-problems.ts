/** What is wrong with a configuration file, shown with the line it stands on. */
import { AppError } from "../core/errors.ts";
import { cut, displayWidth } from "./width.ts";

export type Problem = {
  /** Characters from the start of the file, and how many of them are meant. */
  readonly offset: number;
  readonly length: number;
  readonly message: string;
  readonly suggestion: string | null;
};

export type PlacedProblem = {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly suggestion: string | null;
};

const SHOWN_MAX = 50;
const COLUMNS_MAX = 110;

/** All problems as one error: `message` is what a person reads, `data.problems` what a program does. */
export function configInvalid(file: string, text: string, problems: readonly Problem[]): AppError {
  const sorted = [...problems].sort((left, right) => left.offset - right.offset);
  const placed = sorted.map(({ offset, message, suggestion }): PlacedProblem => {
    const { line, column } = placeOf(text, offset);
    return { file, line, column, message, suggestion };
  });
  const blocks = sorted.slice(0, SHOWN_MAX).map((problem) => show(file, text, problem));
  if (sorted.length > SHOWN_MAX) blocks.push(`… and ${sorted.length - SHOWN_MAX} more.`);
  const count = sorted.length === 1 ? "one problem" : `${sorted.length} problems`;
  return new AppError("config-invalid", `${count} in ${file}\n\n${blocks.join("\n\n")}`, { file, problems: placed });
}

/** Line and column, both from 1; columns count characters as editors do. */
export function placeOf(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset);
  const start = before.lastIndexOf("\n") + 1;
  return { line: before.split("\n").length, column: [...before.slice(start)].length + 1 };
}

function show(file: string, text: string, problem: Problem): string {
  const { line, column } = placeOf(text, problem.offset);
  const start = text.lastIndexOf("\n", problem.offset - 1) + 1;
  const end = text.indexOf("\n", problem.offset);
  const source = text.slice(start, end < 0 ? undefined : end).replace(/\r$/, "");
  const before = source.slice(0, problem.offset - start);
  const meant = source.slice(before.length, before.length + Math.max(1, problem.length)).trimEnd();
  const room = COLUMNS_MAX - displayWidth(before);
  const carets = "^".repeat(Math.max(1, Math.min(displayWidth(meant), room)));
  const number = String(line);
  const gap = " ".repeat(number.length);
  const untabbed = (part: string) => part.replaceAll("\t", " ");
  const question = problem.suggestion === null ? "" : `; did you mean ${problem.suggestion}?`;
  return [
    `${file}:${line}:${column}: ${problem.message}${question}`,
    `  ${number} | ${untabbed(cut(source, Math.max(COLUMNS_MAX, displayWidth(before) + 20)))}`,
    `  ${gap} | ${" ".repeat(displayWidth(untabbed(before)))}${carets}`,
  ].join("\n");
}

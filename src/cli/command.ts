/** What a command is. */
import type { Environment } from "./environment.ts";
import type { ExitCode } from "./exit.ts";
import type { OptionTable, OptionValues } from "./options.ts";
import type { Printer, Sink } from "./print.ts";

/** What the program stands in; main.ts fills it, tests make their own. */
export type World = {
  readonly args: readonly string[];
  readonly env: Environment;
  readonly cwd: string;
  readonly stdout: Sink;
  readonly stderr: Sink;
  /** Aborts when a person or the system asks the program to end. */
  readonly signal: AbortSignal;
  /** Milliseconds of a steady clock. */
  readonly now: () => number;
};

export type CommandContext<T extends OptionTable = OptionTable> = World & {
  readonly options: OptionValues<T> & { readonly verbose: boolean };
  /** The words that are no options, after the command's name. */
  readonly words: readonly string[];
  readonly print: Printer;
  readonly isTerminal: { readonly stdout: boolean; readonly stderr: boolean };
};

export type Command<T extends OptionTable = OptionTable> = {
  /** One word, or two for a family: "look show". */
  readonly name: string;
  /** For the list of commands; a line without a full stop. */
  readonly summary: string;
  /** What follows the name: "IN… --cube FILE --out DIR". */
  readonly usage: string;
  /** Paragraphs that teach. */
  readonly about: readonly string[];
  readonly options: T;
  /** How many words it takes: at least, at most. */
  readonly words: readonly [least: number, most: number];
  readonly examples: readonly (readonly [line: string, meaning: string])[];
  /** Gives the exit code; nothing means 0. What it throws is printed by `runCommandLine`. */
  run(context: CommandContext<T>): Promise<ExitCode | undefined>;
};

/** A command by its name, before it is loaded. */
export type CommandEntry = { readonly name: string; readonly load: () => Promise<Command> };

/** A command with its options' types inferred; the list holds them without. */
export function defineCommand<const T extends OptionTable>(command: Command<T>): Command {
  return command as unknown as Command;
}

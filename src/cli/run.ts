/** One command line from its words to its exit code. Errors stop travelling here: printed once, turned into a code. */
import { suggest } from "../core/config/suggest.ts";
import { AppError, asAppError } from "../core/errors.ts";
import type { Command, CommandContext, CommandEntry, World } from "./command.ts";
import { EXIT, type ExitCode, exitCodeOf } from "./exit.ts";
import { commandHelp, familyHelp, overview } from "./help.ts";
import { EVERYWHERE, readOptions, requireOptions } from "./options.ts";
import { type Printer, printerTo } from "./print.ts";

export async function runCommandLine(
  commands: readonly CommandEntry[],
  version: string,
  world: World,
): Promise<ExitCode> {
  const print = printerTo(world);
  const verbose = beforeDashes(world.args).includes("--verbose");
  try {
    return await dispatch(commands, version, world, print);
  } catch (thrown) {
    const error = errorOf(thrown, world.signal);
    print.settle();
    print.error(error, verbose);
    if (error.code === "internal" && !verbose) print.say("Run it again with --verbose to see where it happened.");
    return exitCodeOf(error.code);
  }
}

const beforeDashes = (args: readonly string[]): readonly string[] =>
  args.includes("--") ? args.slice(0, args.indexOf("--")) : args;

function errorOf(thrown: unknown, signal: AbortSignal): AppError {
  const isAbort = thrown instanceof Error && thrown.name === "AbortError";
  if (signal.aborted && (isAbort || thrown === signal.reason))
    return new AppError("interrupted", "Stopped before the end.", {}, thrown);
  return asAppError(thrown);
}

async function dispatch(
  commands: readonly CommandEntry[],
  version: string,
  world: World,
  print: Printer,
): Promise<ExitCode> {
  const [first, ...rest] = world.args;
  if (first === "--version" || first === "version") {
    print.line(version);
    return EXIT.ok;
  }
  if (first === undefined) {
    print.say(overview(await loaded(commands), version, printerTo({ ...world, stdout: world.stderr }).paint));
    return EXIT.usage;
  }
  if (first === "help" || first === "--help" || first === "-h") {
    print.line(
      rest.length === 0 ? overview(await loaded(commands), version, print.paint) : await helpFor(commands, rest, print),
    );
    return EXIT.ok;
  }
  if (first.startsWith("-")) throw new AppError("usage", `the command comes first: hotgrade COMMAND ${first}`);

  const [entry, words] = find(commands, world.args);
  if (!entry) {
    if (rest.some((word) => word === "--help" || word === "-h")) {
      print.line(await helpFor(commands, [first], print));
      return EXIT.ok;
    }
    throw unknownCommand(commands, world.args);
  }
  return runOne(await entry.load(), words, world, print);
}

async function runOne(command: Command, args: readonly string[], world: World, print: Printer): Promise<ExitCode> {
  const table = { ...command.options, ...EVERYWHERE };
  const { values, words } = readOptions(table, args);
  if (values.help) {
    print.line(commandHelp(command, print.paint));
    return EXIT.ok;
  }
  requireOptions(command.options, values);
  const [least, most] = command.words;
  const usage = `hotgrade ${command.name} ${command.usage}`.trim();
  if (words.length < least) throw new AppError("usage", `something is missing: ${usage}`);
  if (words.length > most) throw new AppError("usage", `${words[most]} is one word too many: ${usage}`);
  const isTerminal = { stdout: world.stdout.isTTY === true, stderr: world.stderr.isTTY === true };
  const context: CommandContext = { ...world, options: values, words, print, isTerminal };
  const code = await command.run(context);
  print.settle();
  return code ?? EXIT.ok;
}

/** The command these words begin with, two-word names first, and the words after it. */
function find(
  commands: readonly CommandEntry[],
  args: readonly string[],
): readonly [command: CommandEntry | undefined, words: readonly string[]] {
  for (const length of [2, 1]) {
    const command = commands.find(({ name }) => name === args.slice(0, length).join(" "));
    if (command) return [command, args.slice(length)];
  }
  return [undefined, args];
}

const loaded = (commands: readonly CommandEntry[]): Promise<readonly Command[]> =>
  Promise.all(commands.map(({ load }) => load()));

async function helpFor(commands: readonly CommandEntry[], words: readonly string[], print: Printer): Promise<string> {
  const [command] = find(commands, words);
  if (command) return commandHelp(await command.load(), print.paint);
  const family = commands.filter(({ name }) => name.startsWith(`${words[0]} `));
  if (family.length > 0) return familyHelp(words[0]!, await loaded(family), print.paint);
  throw unknownCommand(commands, words);
}

function unknownCommand(commands: readonly CommandEntry[], words: readonly string[]): AppError {
  const [first = "", second] = words;
  const family = commands.filter(({ name }) => name.startsWith(`${first} `)).map(({ name }) => name);
  if (family.length > 0) {
    const what = second === undefined ? `${first} needs a second word` : `unknown command ${first} ${second}`;
    return new AppError("usage", `${what}: there is ${family.join(", ")}`);
  }
  const near = suggest(
    first,
    commands.map(({ name }) => name),
  );
  return new AppError("usage", `unknown command ${first}${near ? `; did you mean ${near}?` : ""}`);
}

/** Help that teaches: what a command is for, how it is written, what it answers. */
import type { Command } from "./command.ts";
import { EXIT_MEANINGS } from "./exit.ts";
import { EVERYWHERE, type OptionSpec } from "./options.ts";
import type { Paint } from "./print.ts";
import { displayWidth, padEnd, wrap } from "./width.ts";

const COLUMNS = 96;

/** `hotgrade help`: what it is, the commands, a way to begin. */
export function overview(commands: readonly Command[], version: string, paint: Paint): string {
  const lines = commands.map(({ name, summary }) => [name, summary] as const);
  return [
    `${paint.bold("hotgrade")} ${version} – grades photos dropped into a folder, at full resolution, with a .cube beside each.`,
    "",
    paint.bold("Usage"),
    "  hotgrade COMMAND [OPTION…]",
    "",
    paint.bold("Commands"),
    ...twoColumns([...lines, ["help COMMAND", "more about a command, with examples"]], paint),
    "",
    paint.bold("Options"),
    ...optionLines({ ...EVERYWHERE, version: { kind: "flag", about: "Show the version." } }, paint),
    "",
    ...exitLines(paint),
    "",
    "Everything is set in config/hotgrade.yaml; docs/configuration.md explains each key.",
  ].join("\n");
}

/** `hotgrade help COMMAND`. */
export function commandHelp(command: Command, paint: Paint): string {
  const { name, summary, usage, about, options, examples } = command;
  const shown = examples.flatMap(([line, meaning]) => [`  ${paint.dim(`# ${meaning}`)}`, `  ${line}`]);
  return [
    `${paint.bold(`hotgrade ${name}`)} – ${summary}`,
    "",
    paint.bold("Usage"),
    `  hotgrade ${`${name} ${usage}`.trim()}`,
    "",
    ...about.flatMap((paragraph) => [...wrap(paragraph, COLUMNS), ""]),
    paint.bold("Options"),
    ...optionLines({ ...options, ...EVERYWHERE }, paint),
    "",
    ...(shown.length > 0 ? [paint.bold("Examples"), ...shown, ""] : []),
    ...exitLines(paint),
  ].join("\n");
}

/** The commands of a family, such as "look". */
export function familyHelp(family: string, commands: readonly Command[], paint: Paint): string {
  const lines = commands.map(({ name, summary }) => [name, summary] as const);
  return [
    paint.bold("Commands"),
    ...twoColumns(lines, paint),
    "",
    `\`hotgrade help ${family} …\` says more about each.`,
  ].join("\n");
}

const exitLines = (paint: Paint): string[] => [
  paint.bold("Exit codes"),
  ...twoColumns(
    EXIT_MEANINGS.map(([code, meaning]) => [String(code), meaning] as const),
    paint,
  ),
];

function optionLines(options: Readonly<Record<string, OptionSpec>>, paint: Paint): string[] {
  const rows = Object.entries(options).map(([name, spec]) => {
    const short = spec.short ? `-${spec.short}, ` : "    ";
    return [`${short}--${name}${spec.kind === "flag" ? "" : ` ${spec.value}`}`, aboutOf(spec)] as const;
  });
  return twoColumns(rows, paint);
}

function aboutOf(spec: OptionSpec): string {
  if (spec.kind === "flag") return spec.about;
  const range = spec.kind === "number" ? ` ${spec.min} to ${spec.max}.` : "";
  const choices = spec.kind === "choice" ? ` One of ${spec.of.join(", ")}.` : "";
  const fallback = spec.fallback === undefined ? "" : ` Default: ${spec.fallback}.`;
  return `${spec.about}${range}${choices}${spec.required ? " Required." : ""}${fallback}`;
}

function twoColumns(rows: readonly (readonly [string, string])[], paint: Paint): string[] {
  const width = Math.max(...rows.map(([left]) => displayWidth(left)));
  return rows.flatMap(([left, right]) => {
    const [first = "", ...rest] = wrap(right, COLUMNS - width - 4);
    return [`  ${paint.cyan(padEnd(left, width))}  ${first}`, ...rest.map((line) => `${" ".repeat(width + 4)}${line}`)];
  });
}

/** --dry-run of start and once: what would happen to every file, and why. */
import { type Fate, type Foreseen, foresee } from "../app/dry-run.ts";
import { openDryPorts } from "../app/wire.ts";
import type { InboxConfig } from "../core/config/parse.ts";
import { showPath } from "../core/inbox/path-text.ts";
import type { CommandContext } from "./command.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { logOf } from "./log.ts";
import type { OpenProject } from "./project.ts";

export const DRY_RUN = {
  "dry-run": { kind: "flag", about: "Only say what would happen to every file, and why. Changes nothing." },
} as const;

const COUNTED: readonly (readonly [Fate, string])[] = [
  ["take", "to be taken"],
  ["known", "known already"],
  ["wait", "not whole yet"],
  ["refuse", "refused"],
  ["leave", "left alone"],
  ["unread", "in folders that cannot be read now"],
];

export async function sayDryRun(
  context: CommandContext,
  project: OpenProject,
  inboxes: readonly InboxConfig[],
  json: boolean,
): Promise<ExitCode> {
  const { print } = context;
  const log = logOf(project.config, context, "error");
  const ports = await openDryPorts(project, project.files, log);
  let rows: readonly Foreseen[];
  try {
    rows = await foresee(project.config, inboxes, ports, (done, all) => print.progress(`${done} of ${all} files`));
  } finally {
    await ports.close();
    await log.close();
  }
  print.settle();
  if (json) {
    const files = rows.map(({ inbox, path, output, ...row }) => ({
      inbox: showPath(inbox),
      path: showPath(path),
      ...row,
      output: output && showPath(output),
    }));
    print.json({ files });
    return EXIT.ok;
  }
  if (rows.length > 0)
    print.table(
      [{ title: "FILE" }, { title: "WOULD" }, { title: "WHY" }, { title: "OUTPUT" }],
      rows.map((row) => [
        showPath(inboxes.length > 1 ? `${row.inbox}/${row.path}` : row.path),
        row.fate,
        row.why,
        row.output ? showPath(row.output) : "",
      ]),
    );
  const parts = COUNTED.map(([fate, words]) => [rows.filter((row) => row.fate === fate).length, words] as const);
  print.say(
    `${
      parts
        .filter(([count]) => count > 0)
        .map((part) => part.join(" "))
        .join(", ") || "No files"
    }. Nothing was changed.`,
  );
  return EXIT.ok;
}

/** check: everything that would fail, before the first photo does. */
import { systemClock } from "../adapters/system.ts";
import { settingLook } from "../app/looks.ts";
import { unwatchedOf } from "../app/unwatched.ts";
import { looksFolderOf, openPorts } from "../app/wire.ts";
import { hooksIn, shownTarget } from "../core/config/hooks.ts";
import { backendsFor, outputFor } from "../core/config/recipe.ts";
import { AppError, asAppError, type ErrorCode, hintOf } from "../core/errors.ts";
import { showPath } from "../core/inbox/path-text.ts";
import { exampleName } from "../core/job/example-name.ts";
import { CUBE_LENGTH_MAX, parseCube } from "../core/lut/cube.ts";
import type { Finding, WorkflowUse } from "../ports.ts";
import { defineCommand } from "./command.ts";
import { absolute, CONFIG_FILES } from "./config-paths.ts";
import { EXIT, exitCodeOf } from "./exit.ts";
import { logOf } from "./log.ts";
import { CONFIG, JSON_OUTPUT } from "./options.ts";
import type { Printer } from "./print.ts";
import { type OpenProject, openProject, withLedger } from "./project.ts";
import { findProgram } from "./raw.ts";

type Said = Finding & { readonly about: string };

export const check = defineCommand({
  name: "check",
  summary: "say what would fail, and how to mend it: config, folders, backends, workflows, models",
  usage: "[--json]",
  about: [
    "Reads the configuration, tries the folders, asks every backend for its version, nodes and models. Nothing is graded and nothing is changed.",
  ],
  options: { ...CONFIG, ...JSON_OUTPUT },
  words: [0, 0],
  examples: [["hotgrade check", "before the first shoot"]],
  async run(context) {
    const { options, print, signal } = context;
    const project = await openProject(context, options.config);
    const { config } = project;
    const log = logOf(config, context, "error");
    const said: Said[] = [...(await configFindings(project, context.cwd))];
    said.push(...(await folderFindings(project)), ...(await programFindings(project, context.env.PATH)));
    said.push(...(await hookFindings(project, context.env.PATH)));
    const ports = await openPorts(project, project.files, log);
    try {
      const paths = config.inboxes.map(({ path }) => path);
      for (const { inbox, message } of await unwatchedOf(paths, ports.ledger))
        said.push({ about: `inbox ${showPath(inbox)}`, level: "warn", code: null, message });
      for (const backend of ports.backends.all) {
        const inboxes = config.inboxes.filter((inbox) => backendsFor(inbox, config.backends).includes(backend.name));
        const findings = [...(await tried(() => backend.check(usesOf(inboxes), signal)))];
        for (const message of new Set(inboxes.flatMap(({ prompt }) => backend.remarks(prompt))))
          findings.push({ level: "warn", code: null, message });
        said.push(...findings.map((finding) => ({ about: `backend ${backend.name}`, ...finding })));
      }
    } finally {
      await ports.close();
      await log.close();
    }
    if (options.json) print.json({ findings: said.map((one) => ({ ...one, hint: one.code && hintOf(one.code) })) });
    else tell(said, print);
    const errors = said.filter(({ level }) => level === "error").map(({ code }) => code ?? "internal");
    return errors.length === 0 ? EXIT.ok : worst(errors);
  },
});

/** The file that is read, and a second one that is not. */
async function configFindings({ configFile, files }: OpenProject, cwd: string): Promise<readonly Said[]> {
  const about = "config";
  const read = { about, level: "ok", code: null, message: configFile ?? "no file: the defaults hold" } as const;
  const [first, second] = CONFIG_FILES;
  if (configFile !== absolute(cwd, first) || !(await files.stat(absolute(cwd, second)))) return [read];
  return [read, { about, level: "warn", code: null, message: `${second} is not read, since ${first} is there` }];
}

/** The workflows of these inboxes, each once for all that use it alike. */
function usesOf(inboxes: readonly WorkflowUse[]): readonly WorkflowUse[] {
  const uses = inboxes.map(({ workflow, slots, params }) => ({ workflow, slots, params }));
  return [...new Map(uses.map((use) => [JSON.stringify(use), use])).values()];
}

/** One line a finding; what concerns one workflow on one backend stands below its heading, a hint below its last error. */
function tell(said: readonly Said[], print: Printer): void {
  const { green, yellow, red, bold } = print.paint;
  const paint = { ok: green, warn: yellow, error: red };
  const blockOf = (one?: Said) => one?.workflow && `${one.about}, workflow ${one.workflow}`;
  said.forEach((one, at) => {
    const { about, level, code, message } = one;
    const [block, next] = [blockOf(one), said[at + 1]];
    if (block && block !== blockOf(said[at - 1])) print.line(bold(`      ${block}`));
    const start = block ? "      " : "";
    print.line(
      `${start}${paint[level](level.padEnd(5))} ${block ? "" : `${about}: `}${message}${code ? ` [${code}]` : ""}`,
    );
    const goesOn = next?.code === code && next.about === about && blockOf(next) === block;
    if (code && !goesOn) print.line(`${start}      hint: ${hintOf(code)}`);
  });
}

/** A backend that cannot be reached weighs less than a mistake that somebody has to mend. */
function worst(codes: readonly ErrorCode[]) {
  const exits = codes.map(exitCodeOf);
  return exits.every((code) => code === EXIT.backend)
    ? EXIT.backend
    : (exits.find((code) => code !== EXIT.backend) ?? EXIT.failed);
}

async function tried(ask: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    return await ask();
  } catch (thrown) {
    const { code, message } = asAppError(thrown);
    return [{ level: "error", code, message }];
  }
}

/** The programs of hooks: are they there? The addresses: nothing is sent. */
async function hookFindings({ config, files }: OpenProject, path: string | undefined): Promise<readonly Said[]> {
  const said: Said[] = [];
  for (const { name, target } of hooksIn(config)) {
    const findings = await tried(async () => {
      if (target.kind === "url") {
        const signed = target.secret === null ? "without a signature: set `secret`" : "signed";
        const message = `goes to ${shownTarget(target)}, ${signed}`;
        return [{ level: target.secret === null ? "warn" : "ok", code: null, message } as const];
      }
      if (!(await findProgram(files, target.command[0]!, path)))
        throw new AppError("hook-failed", `There is no program ${target.command[0]}.`);
      return [{ level: "ok", code: null, message: `${target.command[0]} is there` }];
    });
    said.push(...findings.map((finding) => ({ about: `hook ${name}`, ...finding })));
  }
  return said;
}

/** The programs that develop RAW: are they there? Nothing is run. */
async function programFindings({ config, files }: OpenProject, path: string | undefined): Promise<readonly Said[]> {
  const said: Said[] = [];
  for (const { raw } of config.inboxes) {
    if (raw.kind !== "command") continue;
    const [program] = raw.command;
    const findings = await tried(async () => {
      if (!(await findProgram(files, program!, path)))
        throw new AppError("raw-command-failed", "There is no such program.");
      return [{ level: "ok", code: null, message: "is there" }];
    });
    said.push(...findings.map((finding) => ({ about: `rawCommand ${program}`, ...finding })));
  }
  return said;
}

async function folderFindings(project: OpenProject): Promise<readonly Said[]> {
  const { config, files } = project;
  const said: Said[] = [];
  for (const inbox of config.inboxes) {
    const { path, outbox, look, shareRescanMs } = inbox;
    if (look.kind === "file") {
      const { file } = look;
      const findings = await tried(async () => {
        if (!(await files.stat(file))) throw new AppError("look-unusable", "There is no such file.");
        parseCube((await files.read(file, CUBE_LENGTH_MAX)).toString("utf8"));
        return [{ level: "ok", code: null, message: "can be used" }];
      });
      said.push(...findings.map((finding) => ({ about: `look ${showPath(file)}`, ...finding })));
    }
    if (look.kind === "named") {
      const findings = await tried(async () => {
        await withLedger(project, (ledger) => settingLook(look, { files, ledger, looksFolder: looksFolderOf(config) }));
        return [{ level: "ok", code: null, message: "is kept" }];
      });
      said.push(...findings.map((finding) => ({ about: `look ${look.name}`, ...finding })));
    }
    const seen = await tried(async () => {
      if (!(await files.stat(path))) return [{ level: "ok", code: null, message: "is made at the start" }];
      await files.list(path);
      return [{ level: "ok", code: null, message: "can be read" }];
    });
    said.push(...seen.map((finding) => ({ about: `inbox ${showPath(path)}`, ...finding })));
    const share = await files.shares?.of(path);
    if (share) {
      const how = `lies on a network share (${share.type} at ${showPath(share.root)}): looked through every ${Math.round(shareRescanMs / 1000)} s, not watched`;
      said.push({ about: `inbox ${showPath(path)}`, level: "ok", code: null, message: how });
    }
    const example = exampleName({ ...inbox, output: outputFor(inbox) }, systemClock.now());
    said.push({
      about: `inbox ${showPath(path)}`,
      level: "ok",
      code: null,
      message: `a name, for example: ${example}`,
    });
    const writable = await tried(async () => {
      if (!(await files.stat(outbox))) return [{ level: "ok", code: null, message: "is made with the first photo" }];
      await files.proveWritable(outbox);
      return [{ level: "ok", code: null, message: "can be written" }];
    });
    said.push(...writable.map((finding) => ({ about: `outbox ${showPath(outbox)}`, ...finding })));
  }
  return said;
}

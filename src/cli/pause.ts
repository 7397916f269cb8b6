/** pause and resume: what goes to the models, and what does not for now. The ledger keeps it; the daemon sees it there. */
import { systemClock } from "../adapters/system.ts";
import { ASKED, askSentence } from "../app/first-start.ts";
import { drainOf, pauseOf } from "../app/pauses.ts";
import { AppError } from "../core/errors.ts";
import { type PathText, showPath } from "../core/inbox/path-text.ts";
import type { Ledger } from "../ports.ts";
import { type CommandContext, defineCommand } from "./command.ts";
import { absolute } from "./config-paths.ts";
import { CONFIG, JSON_OUTPUT } from "./options.ts";
import { type OpenProject, openProject, withLedger } from "./project.ts";

const WHAT = {
  backend: { kind: "text", value: "NAME", about: "This backend alone." },
  inbox: { kind: "text", value: "PATH", about: "This inbox alone." },
} as const;

export const pause = defineCommand({
  name: "pause",
  summary: "send nothing to the models for now; photos are taken in and wait",
  usage: "[--backend NAME [--drain] | --inbox PATH] [--json]",
  about: [
    "Prompts that wait in a ComfyUI's queue are taken back, the one that runs ends, and what has come home is written. A pause outlives a restart; `resume` ends it.",
    "With --backend, photos go to the other backends that can run their workflow. --drain leaves that backend what it has and sends nothing more: before it is switched off.",
  ],
  options: {
    ...WHAT,
    drain: { kind: "flag", about: "Let the backend finish what it has." },
    ...CONFIG,
    ...JSON_OUTPUT,
  },
  words: [0, 0],
  examples: [
    ["hotgrade pause", "the GPU is needed for something else"],
    ["hotgrade pause --backend gpu-2 --drain", "before gpu-2 is switched off"],
  ],
  async run(context) {
    const { options } = context;
    if (options.drain && options.backend === undefined)
      throw new AppError("usage", "--drain says how one backend stops; name it with --backend");
    const project = await openProject(context, options.config);
    const name = options.drain && options.backend !== undefined ? drainOf(options.backend) : nameOf(context, project);
    if (options.drain) checkBackend(project, options.backend);
    return say(context, project, (ledger) => ledger.switches.set(name, "by hand", systemClock.now()));
  },
});

export const resume = defineCommand({
  name: "resume",
  summary: "end a pause",
  usage: "[--backend NAME | --inbox PATH] [--json]",
  about: ["Ends the pause of everything, of backends and of inboxes alike; with --backend or --inbox, that one alone."],
  options: { ...WHAT, ...CONFIG, ...JSON_OUTPUT },
  words: [0, 0],
  examples: [["hotgrade resume", "go on"]],
  async run(context) {
    const { options } = context;
    const project = await openProject(context, options.config);
    const one = options.backend !== undefined || options.inbox !== undefined ? nameOf(context, project) : undefined;
    const drain = options.backend === undefined ? undefined : drainOf(options.backend);
    return say(context, project, async (ledger) => {
      for (const { name } of await pausesOf(ledger))
        if (one === undefined || name === one || name === drain)
          await ledger.switches.set(name, null, systemClock.now());
    });
  },
});

type Options = { readonly backend: string | undefined; readonly inbox: string | undefined; readonly json: boolean };

function nameOf(context: CommandContext & { readonly options: Options }, project: OpenProject): string {
  const { backend, inbox } = context.options;
  if (backend !== undefined && inbox !== undefined) throw new AppError("usage", "say --backend or --inbox, not both");
  if (backend !== undefined) {
    checkBackend(project, backend);
    return pauseOf({ backend });
  }
  if (inbox === undefined) return pauseOf({});
  const path = absolute(context.cwd, inbox);
  if (project.config.inboxes.some((one) => one.path === path)) return pauseOf({ inbox: path });
  const known = project.config.inboxes.map((one) => showPath(one.path)).join(", ");
  throw new AppError("usage", `${showPath(path)} is no inbox; there is ${known}`);
}

function checkBackend({ config }: OpenProject, name: string | undefined): void {
  if (config.backends.some((backend) => backend.name === name)) return;
  const known = config.backends.map((backend) => backend.name).join(", ");
  throw new AppError("backend-unknown", `No backend is called ${name}; there is ${known}.`);
}

async function say(
  { options, print }: CommandContext & { readonly options: Options },
  project: OpenProject,
  change: (ledger: Ledger) => Promise<void>,
): Promise<undefined> {
  const pauses = await withLedger(project, async (ledger) => {
    await change(ledger);
    return pausesOf(ledger);
  });
  if (options.json) print.json({ pauses });
  else if (pauses.length === 0) print.say("Nothing is paused.");
  else for (const { what } of pauses) print.say(what);
}

/** What is paused now, each with a sentence. */
export async function pausesOf(ledger: Ledger): Promise<readonly { readonly name: string; readonly what: string }[]> {
  const switches = [...(await ledger.switches.all("pause")), ...(await ledger.switches.all("drain:"))];
  return switches.map(({ name, value }) => {
    const [kind, of, ...rest] = name.split(":");
    const which = rest.join(":");
    if (kind === "drain")
      return { name, what: `backend ${which} is drained: it ends what it has and gets nothing more` };
    if (of === "backend") return { name, what: `backend ${which} is paused` };
    const asked = ASKED.exec(value);
    if (asked) return { name, what: askSentence(which as PathText, Number(asked[1])) };
    if (of === "inbox") return { name, what: `inbox ${showPath(which as PathText)} is paused` };
    return { name, what: "paused: nothing is sent to a model; `hotgrade resume` goes on" };
  });
}

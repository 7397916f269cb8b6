/**
 * The fault campaign: the real daemon and one or several ComfyUIs, all processes of their own, with a faulty proxy
 * before each server. Faults strike by a seeded plan while photos go through; afterwards every photo must be there once,
 * whole and its own, and no server may have rendered more than the faults excuse.
 */
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startChaosLine } from "./chaos-line.ts";
import { type Inspected, inspectOutputs } from "./chaos-outputs.ts";
import { type ChaosFault, isProxyFault, type PlannedFault, planFaults } from "./chaos-plan.ts";
import { sceneImage } from "./photos.ts";
import type { Daemon } from "./program.ts";

export type ChaosOptions = {
  readonly seed: number;
  readonly photos: number;
  readonly servers?: number;
  readonly minutesMax?: number;
  readonly say: (text: string) => void;
};

export type ChaosResult = Inspected & {
  readonly photos: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly renders: number;
  readonly excuses: {
    /** Renders under way when their server was restarted. */
    readonly lostByRestart: number;
    /** Prompts delivered after the client had looked twice. */
    readonly late: number;
    /** Renders that somebody else interrupted. */
    readonly interrupted: number;
  };
  readonly allowed: number;
  readonly isWhole: boolean;
  /** The ledger's story of each photo concerned. */
  readonly stories: readonly unknown[];
};

const WIDTH = 240;
const HEIGHT = 160;
const STOP_MS = 2_500;
const DEAF_REQUESTS = 60;
const STATUS_MS = 2_000;
const STORIES_MAX = 10;
const TRIES_MAX = 40;

type Line = Awaited<ReturnType<typeof startChaosLine>>;
type Account = { readonly struck: Map<ChaosFault, number>; interrupts: number; readonly lost: Set<string> };

export async function runChaosCampaign(options: ChaosOptions): Promise<ChaosResult> {
  const { seed, photos, servers = 1, say, minutesMax = 20 } = options;
  const line = await startChaosLine(servers);
  const until = Date.now() + minutesMax * 60_000;
  try {
    const names = await feed(line.project.inbox, photos, seed);
    const account: Account = { struck: new Map(), interrupts: 0, lost: new Set() };
    let daemon = await line.project.start();
    for (const [nth, planned] of planFaults(seed, photos, servers).entries()) {
      if (outputsOf(line.project.outbox).length >= photos || Date.now() > until) break;
      await moment(line, daemon, planned);
      if (planned.fault === "kill-daemon") {
        await daemon.kill("SIGKILL");
        daemon = await line.project.start();
        count(account, planned.fault);
      } else await strike(line, planned, account);
      say(`${nth + 1} ${planned.fault}: ${outputsOf(line.project.outbox).length} of ${photos} photos`);
    }
    await settled(line, photos, until);
    await daemon.kill("SIGTERM");
    return await judge(line, names, account);
  } finally {
    await line.close();
  }
}

async function feed(inbox: string, photos: number, seed: number): Promise<readonly string[]> {
  const names: string[] = [];
  for (let nth = 0; nth < photos; nth++) {
    const name = `p${String(nth).padStart(4, "0")}.jpg`;
    const picture = sceneImage(WIDTH, HEIGHT, 1_000 * seed + nth).jpeg({ quality: 92, chromaSubsampling: "4:4:4" });
    writeFileSync(join(inbox, name), await picture.toBuffer());
    names.push(name);
  }
  return names;
}

/** Waits for the planned instant: so many requests, or so many lines of the daemon's log. */
async function moment(line: Line, daemon: Daemon, { fault, server, after }: PlannedFault): Promise<void> {
  const quiet = sleep(10_000, undefined, { ref: false }); // nothing moves any more: the fault strikes all the same
  const lines = daemon.lines.length + after;
  const proxy = line.servers[server]!.proxy;
  const reached =
    fault === "kill-daemon"
      ? daemon.until(() => daemon.lines.length >= lines)
      : proxy.reached(proxy.requests() + after);
  await Promise.race([reached, quiet]);
}

const count = ({ struck }: Account, fault: ChaosFault) => struck.set(fault, (struck.get(fault) ?? 0) + 1);

async function strike(line: Line, { fault, server }: PlannedFault, account: Account): Promise<void> {
  const { comfyui, proxy } = line.servers[server]!;
  if (isProxyFault(fault)) return proxy.arm(fault);
  switch (fault) {
    case "kill-daemon":
      return;
    case "restart-server":
      await comfyui.tell({ do: "kill" });
      for (const promptId of await line.unfinished(server)) account.lost.add(promptId);
      await comfyui.tell({ do: "start" });
      break;
    case "stop-server":
      comfyui.signal("SIGSTOP");
      await sleep(STOP_MS);
      comfyui.signal("SIGCONT");
      break;
    case "deaf-sockets":
      await comfyui.tell({ do: "misbehave", fault: "deaf" });
      void proxy
        .reached(proxy.requests() + DEAF_REQUESTS)
        .then(() => comfyui.tell({ do: "heal", fault: "deaf" }))
        .catch(() => undefined); // the campaign may end first
      break;
    case "cut-sockets":
      await comfyui.tell({ do: "drop-sockets" });
      break;
    case "cut-all":
      proxy.cut();
      break;
    case "keep-half":
      await comfyui.tell({ do: "misbehave", fault: "cut-upload", times: 1 });
      break;
    case "truncated-view":
      await comfyui.tell({ do: "misbehave", fault: "truncated-view", times: 1 });
      break;
    case "delete-prompt":
    case "interrupt":
      if (!(await byOthers(line, server, fault))) return;
      if (fault === "interrupt") account.interrupts++;
  }
  count(account, fault);
}

type Queue = { readonly queue_running: readonly unknown[][]; readonly queue_pending: readonly unknown[][] };

/** Somebody at the server's own page takes a prompt away, once there is one. */
async function byOthers(line: Line, server: number, fault: "delete-prompt" | "interrupt"): Promise<boolean> {
  const { comfyui, proxy } = line.servers[server]!;
  const post = (path: string, body: unknown) =>
    fetch(`${comfyui.url}${path}`, { method: "POST", body: JSON.stringify(body) });
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const queue = (await (await fetch(`${comfyui.url}/queue`)).json()) as Queue;
    const [running, pending] = [queue.queue_running[0], queue.queue_pending[0]];
    if (fault === "interrupt" && running) {
      await post("/interrupt", {});
      return true;
    }
    if (fault === "delete-prompt" && pending) {
      await post("/queue", { delete: [pending[1]] });
      return true;
    }
    await Promise.race([proxy.reached(proxy.requests() + 1), sleep(1_000, undefined, { ref: false })]);
  }
  return false;
}

/** All photos have ended, and no server has work left; or the time is up. */
async function settled({ project, servers }: Line, photos: number, until: number): Promise<void> {
  for (;;) {
    const { done = 0, failed = 0, held = 0, cancelled = 0 } = await statusesOf(project);
    const left = await Promise.all(
      servers.map(async ({ comfyui }) => (await comfyui.tell({ do: "counts" })).remaining),
    );
    if (done + failed + held + cancelled >= photos && left.every((remaining) => remaining === 0)) return;
    if (Date.now() > until) return;
    await sleep(STATUS_MS);
  }
}

const statusesOf = async (project: Line["project"]) => {
  const { inboxes } = (await project.json("status")) as { inboxes: { statuses: Record<string, number> }[] };
  return inboxes[0]!.statuses;
};

const outputsOf = (outbox: string) =>
  existsSync(outbox) ? readdirSync(outbox).filter((name) => name.endsWith(".jpg")) : [];

async function judge(line: Line, names: readonly string[], account: Account): Promise<ChaosResult> {
  const { project, servers } = line;
  const inspected = await inspectOutputs(project.inbox, project.outbox, names);
  const unfinished = (await Promise.all(servers.map((_, server) => line.unfinished(server)))).flat();
  const others = unfinished.filter((promptId) => !account.lost.has(promptId)).length;
  const excuses = {
    lostByRestart: account.lost.size,
    late: servers.reduce((sum, { proxy }) => sum + proxy.late.length, 0),
    interrupted: Math.min(others, account.interrupts),
  };
  for (const { proxy } of servers)
    for (const [fault, times] of proxy.struck) for (let n = 0; n < times; n++) count(account, fault);
  const renders = (await Promise.all(servers.map((_, server) => line.renders(server)))).flat();
  const allowed = names.length + excuses.lostByRestart + excuses.late + excuses.interrupted;
  const statuses = await statusesOf(project);
  const { missing, strangers, temps, damaged, foreign, outputs } = inspected;
  const isWhole =
    [missing, strangers, damaged, foreign].every((list) => list.length === 0) &&
    outputs === names.length &&
    temps.length <= (account.struck.get("kill-daemon") ?? 0) &&
    statuses.done === names.length &&
    renders.length <= allowed;
  const plates = renders.map(({ inputName }) => inputName);
  const twice = plates.filter((name, at) => plates.indexOf(name) !== at);
  const concerned = isWhole ? [] : [...new Set([...missing, ...damaged, ...foreign])];
  const stories = isWhole ? [] : await line.stories(concerned, twice, STORIES_MAX);
  const faults = Object.fromEntries([...account.struck].sort());
  return {
    ...inspected,
    photos: names.length,
    statuses,
    faults,
    renders: renders.length,
    excuses,
    allowed,
    isWhole,
    stories,
  };
}

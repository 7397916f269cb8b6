/**
 * The soak: files of many kinds come in many ways for minutes on end, while the daemon is killed and stopped, a disk goes
 * away and the server is restarted. Afterwards the ledger must account for every file, and the outbox for every output.
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startComfyuiApart } from "../comfyui-apart.ts";
import { type Daemon, makeProject } from "../program.ts";
import { type Account, accountFor, PUT_AWAY } from "./account.ts";
import { openFolders } from "./folders.ts";
import { inspectOutbox, type Outbox } from "./outbox.ts";
import { planSoak, type StrikeKind } from "./plan.ts";

export type SoakOptions = {
  readonly seed: number;
  readonly files: number;
  readonly minutes: number;
  /** Leaves the folders and the ledger there when something is off. */
  readonly keep?: boolean;
  readonly say: (text: string) => void;
};

export type SoakResult = {
  readonly account: Account;
  readonly outbox: Outbox;
  readonly strikes: ReadonlyMap<StrikeKind, number>;
  readonly renders: number;
  /** Pictures that may be rendered once each, and renders of which a restarted server kept nothing. */
  readonly rendersAllowed: number;
  readonly off: readonly string[];
};

const RENDER_MS = 30;
const QUIET_LOOKS = 5;
const LOOK_MS = 3_000;
/** So long after the last photo that ended, the rest is stuck. */
const STUCK_MS = 4 * 60_000;
/** After the last file: incomplete ones are shown after a minute. */
const LATE_MS = 75_000;

const CONFIG = (url: string) => `
backends: [{ name: gpu-1, kind: comfyui, url: "${url}" }]
inboxes:
  - { path: studio, outbox: graded/studio, settle: 300ms, rescan: 5s, pairWait: 8s }
  - { path: card, outbox: graded/card, settle: 300ms, rescan: 5s, pairWait: 8s, prompt: Cool evening }
  - path: desk
    outbox: graded/desk
    settle: 300ms
    rescan: 5s
    pairWait: 8s
    duplicates: skip
    original: { done: "move:${PUT_AWAY.done}", duplicate: "move:${PUT_AWAY.duplicate}", unsupported: "move:${PUT_AWAY.unsupported}" }
limits: { rewinds: 50 }
`;

export async function runSoak({ seed, files, minutes, keep = false, say }: SoakOptions): Promise<SoakResult> {
  const comfyui = await startComfyuiApart({ renderMs: RENDER_MS, compressionLevel: 1, previews: false });
  const project = makeProject(CONFIG(comfyui.url));
  const folders = openFolders(project.root, seed);
  const { drops, strikes } = planSoak(seed, files, minutes);
  const struck = new Map<StrikeKind, number>();
  let lostRenders = 0;
  let isWhole = false;
  let daemon: Daemon = await project.start();
  const begun = Date.now();
  const until = (atMs: number) => sleep(Math.max(0, begun + atMs - Date.now()));

  async function strike(kind: StrikeKind, ms: number): Promise<void> {
    struck.set(kind, (struck.get(kind) ?? 0) + 1);
    switch (kind) {
      case "kill-daemon":
        await daemon.kill("SIGKILL");
        await sleep(ms / 3);
        daemon = await project.start();
        return;
      case "stop-daemon":
        process.kill(daemon.pid, "SIGSTOP");
        await sleep(ms);
        process.kill(daemon.pid, "SIGCONT");
        return;
      case "lose-mount":
        return folders.loseMount(ms);
      case "restart-server": {
        const { remaining } = (await comfyui.tell({ do: "counts" })) as { remaining: number };
        lostRenders += remaining;
        await comfyui.tell({ do: "restart" });
      }
    }
  }

  try {
    const dropping = Promise.all(
      drops.map(async (drop) => {
        await until(drop.atMs);
        await folders.drop(drop);
      }),
    );
    const striking = (async () => {
      for (const { strike: kind, atMs, ms } of strikes) {
        await until(atMs);
        await strike(kind, ms);
        say(
          `${Math.round((Date.now() - begun) / 1_000)} s ${kind}: ${folders.landed.length} of ${drops.length} dropped`,
        );
      }
    })();
    await Promise.all([dropping, striking]);
    await untilQuiet(project.json, Date.now());
    await daemon.kill("SIGTERM");
    const account = await accountFor(project.root, folders.landed);
    const outbox = await inspectOutbox(project.root, join(project.root, "graded"), account.jobs);
    const counts = (await comfyui.tell({ do: "counts" })) as { renders: { inputName: string }[] };
    const renders = counts.renders.filter(({ inputName }) => !inputName.includes("/probe/")).length;
    const rendersAllowed =
      new Set(account.jobs.map(({ inbox, pictureSha256 }) => `${inbox} ${pictureSha256}`)).size + lostRenders;
    const off = [...account.off, ...outbox.off];
    if (renders > rendersAllowed) off.push(`${renders} renders are more than the ${rendersAllowed} allowed`);
    isWhole = off.length === 0;
    return { account, outbox, strikes: struck, renders, rendersAllowed, off };
  } finally {
    if (keep && !isWhole) say(`left in ${project.root}`);
    else project.remove();
    await comfyui.close();
  }
}

type Told = {
  readonly inboxes: readonly { readonly statuses: Readonly<Record<string, number>> }[];
};

/** Nothing is under way, several looks in a row, and incomplete files have had their minute; or nothing moves any more. */
async function untilQuiet(json: (...args: string[]) => Promise<unknown>, endedAt: number): Promise<void> {
  let quiet = 0;
  let before = "";
  let movedAt = endedAt;
  let fewest = Number.POSITIVE_INFINITY;
  while (Date.now() - movedAt < STUCK_MS) {
    const { inboxes } = (await json("status")) as Told;
    const now = JSON.stringify(inboxes);
    const open = inboxes.reduce((sum, { statuses }) => sum + (statuses.ready ?? 0) + (statuses.leased ?? 0), 0);
    quiet = open > 0 || now !== before ? 0 : quiet + 1;
    if (open < fewest) movedAt = Date.now();
    fewest = Math.min(fewest, open);
    before = now;
    if (quiet >= QUIET_LOOKS && Date.now() - endedAt > LATE_MS) return;
    await sleep(LOOK_MS);
  }
}

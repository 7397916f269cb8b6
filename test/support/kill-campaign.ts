/**
 * A campaign of kills: the daemon dies by SIGKILL again and again, in each stage and between stages, while photos go
 * through a ComfyUI; the server is restarted in the middle. Afterwards every photo must be there once.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { STAGES, type Stage } from "../../src/core/job/job.ts";
import { startComfyuiApart } from "./comfyui-apart.ts";
import { sceneImage } from "./photos.ts";
import { type LogLine, makeProject } from "./program.ts";

export type Campaign = {
  readonly killsPerPlace: number;
  readonly say: (text: string) => void;
  /** `local` also has the model darken the corners, so that there is something local. */
  readonly finish?: "lut" | "local";
};

export type CampaignResult = {
  readonly photos: readonly string[];
  readonly kills: number;
  /** Photos in the outbox, each with its sidecars or not. */
  readonly outputs: readonly string[];
  readonly withoutSidecars: readonly string[];
  readonly strangers: readonly string[];
  /** Outputs whose bytes are not what their report says. */
  readonly damaged: readonly string[];
  /** Photos by the finish that their report names. */
  readonly finishes: Readonly<Record<string, number>>;
  readonly renders: number;
  /** Plates that were rendered more than once. */
  readonly rerendered: readonly string[];
  /** Renders that ran when the server was restarted: nothing of them was left. */
  readonly lostByRestart: number;
  readonly statuses: Readonly<Record<string, number>>;
};

/** Jobs kept under way, one of them new, so that every stage has one soon after a start. */
const UNDER_WAY = 4;

export async function runKillCampaign({ killsPerPlace, say, finish = "lut" }: Campaign): Promise<CampaignResult> {
  const comfyui = await startComfyuiApart({ renderMs: 40, flaws: finish === "local" ? { vignette: 0.7 } : {} });
  const project = makeProject(`
log: { level: debug }
backends: [{ name: gpu-1, kind: comfyui, url: "${comfyui.url}" }]
inboxes: [{ path: inbox, outbox: graded, settle: 100ms, rescan: 1s, finish: ${finish}, onSpatial: write }]
limits: { rewinds: 50 }
`);
  const photos: string[] = [];
  const feed = async (open: number) => {
    for (let missing = Math.max(1, UNDER_WAY - open); missing > 0; missing--) {
      const name = `p${String(photos.length).padStart(4, "0")}.jpg`;
      writeFileSync(join(project.inbox, name), await sceneImage(240, 160, photos.length).jpeg().toBuffer());
      photos.push(name);
    }
  };
  const statuses = async () => {
    const { inboxes } = (await project.json("status")) as { inboxes: { statuses: Record<string, number> }[] };
    return inboxes[0]!.statuses;
  };
  const openNow = async () => {
    const { ready = 0, leased = 0 } = await statuses();
    return ready + leased;
  };
  try {
    let kills = 0;
    let lostByRestart = 0;
    const places = STAGES.flatMap((stage) => [begins(stage), ends(stage)]);
    for (let round = 0; round < killsPerPlace; round++) {
      for (const { name, at } of places) {
        await feed(kills === 0 ? 0 : await openNow());
        const daemon = await project.start();
        await daemon.line(at);
        // A different moment after the line each time: spins of the event loop, not time.
        for (let turns = (round * 7) % 23; turns > 0; turns--) await new Promise((turn) => setImmediate(turn));
        await daemon.kill("SIGKILL");
        kills++;
        say(`kill ${kills}: ${name}`);
      }
      if (round !== Math.floor(killsPerPlace / 2)) continue;
      const { remaining } = (await comfyui.tell({ do: "counts" })) as { remaining: number };
      lostByRestart += Math.min(1, remaining); // one runs at a time; those behind it had not begun
      await comfyui.tell({ do: "restart" });
    }
    const last = await project.start();
    await last.until(async () => {
      const { done = 0, failed = 0, held = 0, cancelled = 0 } = await statuses();
      return done + failed + held + cancelled >= photos.length;
    });
    const final = await statuses();
    await last.kill("SIGTERM");
    const counts = (await comfyui.tell({ do: "counts" })) as { renders: { inputName: string }[] };
    return {
      ...inspectOutbox(project.outbox),
      photos,
      kills,
      ...rendersOf(counts.renders),
      lostByRestart,
      statuses: final,
    };
  } finally {
    project.remove();
    await comfyui.close();
  }
}

type Place = { readonly name: string; readonly at: (line: LogLine) => boolean };
const begins = (stage: Stage): Place => ({
  name: `in ${stage}`,
  at: (line) => line.message === "stage begins" && line.stage === stage,
});
const ends = (stage: Stage): Place => ({
  name: `after ${stage}`,
  at: (line) =>
    stage === "retire" ? line.message === "photo done" : line.stage === stage && line.message === "stage ended",
});

function inspectOutbox(outbox: string) {
  const names = existsSync(outbox) ? readdirSync(outbox) : [];
  const outputs = names.filter((name) => name.endsWith(".jpg")).sort();
  const stems = new Set(outputs.map((name) => name.slice(0, -4)));
  const withoutSidecars = [...stems].filter(
    (stem) => !names.includes(`${stem}.cube`) || !names.includes(`${stem}.grade.json`),
  );
  const known = new Set([...stems].flatMap((stem) => [`${stem}.jpg`, `${stem}.cube`, `${stem}.grade.json`]));
  const finishes: Record<string, number> = {};
  const damaged = outputs.filter((name) => {
    const report = JSON.parse(readFileSync(join(outbox, name.replace(/jpg$/, "grade.json")), "utf8"));
    finishes[report.finish] = (finishes[report.finish] ?? 0) + 1;
    return report.output.sizeBytes !== readFileSync(join(outbox, name)).length;
  });
  return { outputs, withoutSidecars, strangers: names.filter((name) => !known.has(name)), damaged, finishes };
}

/** Without the probes by which a backend's rounding is found out: they are no photo's. */
function rendersOf(all: readonly { readonly inputName: string }[]) {
  const renders = all.filter(({ inputName }) => !inputName.includes("/probe/"));
  const seen = new Map<string, number>();
  for (const { inputName } of renders) seen.set(inputName, (seen.get(inputName) ?? 0) + 1);
  return { renders: renders.length, rerendered: [...seen].filter(([, times]) => times > 1).map(([name]) => name) };
}

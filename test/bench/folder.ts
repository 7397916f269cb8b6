/**
 * A folder of real size: how long the daemon takes to start over 100,000 finished photos, what it costs while nothing
 * happens, how soon a new photo is queued, and whether 20,000 dropped at once all come in.
 *
 *     npm run bench:folder -- [--parts drop,lying] [--dropped 20000] [--lying 100000] [--idle 60]
 *
 * The daemon is a process of its own with the default `settle` and `rescan`; its backend does not answer, so that what is
 * measured is the folder and the ledger and no picture is drawn. Processor time and memory are Linux' own book.
 */
import { linkSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import sharp from "sharp";
import { openLedger } from "../../src/adapters/sqlite/ledger.ts";
import { fillLedger } from "../support/full-ledger.ts";
import { medianOf } from "../support/measured.ts";
import { residentMib } from "../support/processes.ts";
import { makeProject, type TestProject } from "../support/program.ts";

const SETTLE_MS = 2_000;
const START_MS_MAX = 5_000;
const RSS_MIB_MAX = 250;
const IDLE_MAX = 0.01;
const LATENCY_MS_MAX = SETTLE_MS + 300;
const STATUS_MS_MAX = 1_000;
/** From the first look to when nothing of the start is left to do. */
const STARTED_MS = 15_000;
/** How long the daemon is stopped while files fall in. */
const BLOCKED_MS = 1_000;
const IN_A_FOLDER = 1_000;
const SINGLES = 30;
const TICKS_PER_SECOND = 100;
const CONFIG = `
log: { level: debug }
backends: [{ name: away, kind: comfyui, url: "http://127.0.0.1:9" }]
inboxes: [{ path: inbox, outbox: graded }]
`;

const text = { type: "string" } as const;
const { values } = parseArgs({ options: { parts: text, dropped: text, lying: text, idle: text } });
const parts = (values.parts ?? "drop,lying").split(",");
const dropped = Number(values.dropped ?? 20_000);
const lying = Number(values.lying ?? 100_000);
const idleSeconds = Number(values.idle ?? 60);

let missed = false;
const row = (what: string, shown: string, limit: string, isKept: boolean): void => {
  missed ||= !isKept;
  console.log(`| ${what} | ${shown} | ${limit} | ${isKept ? "ok" : "MISS"} |`);
};

/** A small picture that is like no other: its number is its colour. */
const numbered = (nth: number): Promise<Buffer> => {
  const colour = { r: nth & 255, g: (nth >> 8) & 255, b: (nth >> 16) & 255 };
  return sharp({ create: { width: 16, height: 16, channels: 3, background: colour } })
    .png({ compressionLevel: 1 })
    .toBuffer();
};

const cpuSeconds = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
};

/** The process that does the work: the shim may have started another. */
async function pidOf(project: TestProject): Promise<number> {
  const { daemon } = (await project.json("status")) as { daemon: { pid: number } | null };
  if (!daemon) throw new Error("the daemon is silent");
  return daemon.pid;
}

async function drop(): Promise<void> {
  const project = makeProject(CONFIG);
  try {
    const outside = join(project.root, "outside");
    mkdirSync(outside);
    for (let nth = 0; nth < dropped; nth++) writeFileSync(join(outside, `p${nth}.png`), await numbered(nth));
    const daemon = await project.start();
    const pid = await pidOf(project);
    process.kill(pid, "SIGSTOP");
    const begun = performance.now();
    for (let nth = 0; nth < dropped; nth++) linkSync(join(outside, `p${nth}.png`), join(project.inbox, `p${nth}.png`));
    await sleep(Math.max(0, BLOCKED_MS - (performance.now() - begun)));
    process.kill(pid, "SIGCONT");
    const ledger = openLedger(join(project.root, "var/ledger.db"), Date.now());
    let jobs = 0;
    for (let quiet = 0; quiet < 10; ) {
      const now = (await ledger.jobs.counts()).reduce((sum, { count }) => sum + count, 0);
      quiet = now === jobs && now > 0 ? quiet + 1 : 0;
      jobs = now;
      if (performance.now() - begun > 1_200_000) break;
      await sleep(1_000);
    }
    const paths = new Set((await ledger.jobs.find({})).map(({ path }) => path));
    await ledger.close();
    const seconds = (performance.now() - begun) / 1_000 - 10;
    row(
      `${dropped} files dropped while the daemon stood still for 1 s`,
      `${paths.size} taken, ${jobs - paths.size} twice, ${seconds.toFixed(0)} s`,
      `${dropped}, 0 twice`,
      paths.size === dropped && jobs === dropped,
    );
    await daemon.kill("SIGTERM");
  } finally {
    project.remove();
  }
}

async function lyingThere(): Promise<void> {
  const project = makeProject(CONFIG);
  try {
    const one = await numbered(0);
    const names: string[] = [];
    for (let nth = 0; nth < lying; nth++) {
      const folder = `f${Math.floor(nth / IN_A_FOLDER)}`;
      if (nth % IN_A_FOLDER === 0) mkdirSync(join(project.inbox, folder));
      const name = `${folder}/IMG_${nth}.png`;
      writeFileSync(join(project.inbox, name), one);
      names.push(name);
    }
    await fillLedger(project, names);
    const begun = performance.now();
    const daemon = await project.start();
    await daemon.line(({ message }) => message === "first look done");
    row(
      `start over ${lying} finished photos`,
      `${Math.round(performance.now() - begun)} ms`,
      `${START_MS_MAX} ms`,
      performance.now() - begun <= START_MS_MAX,
    );
    const pid = await pidOf(project);
    await sleep(5_000);
    const rss = residentMib(pid);
    row("memory then", `${Math.round(rss)} MiB`, `${RSS_MIB_MAX} MiB`, rss <= RSS_MIB_MAX);
    // What starting left to be collected is no idleness.
    await sleep(STARTED_MS);
    const before = cpuSeconds(pid);
    const from = performance.now();
    await sleep(idleSeconds * 1_000);
    const share = (cpuSeconds(pid) - before) / ((performance.now() - from) / 1_000);
    row(
      `idle for ${idleSeconds} s`,
      `${(100 * share).toFixed(2)} % of a core`,
      `${100 * IDLE_MAX} %`,
      share <= IDLE_MAX,
    );
    const statusAt = performance.now();
    await project.json("status");
    const statusMs = performance.now() - statusAt;
    row("hotgrade status", `${Math.round(statusMs)} ms`, `${STATUS_MS_MAX} ms`, statusMs <= STATUS_MS_MAX);
    const latencies: number[] = [];
    const ledger = openLedger(join(project.root, "var/ledger.db"), Date.now());
    for (let nth = 0; nth < SINGLES; nth++) {
      const name = `new-${nth}.png`;
      const bytes = await numbered(1_000_000 + nth);
      writeFileSync(join(project.inbox, "f3", name), bytes);
      const closedAt = Date.now();
      let job: { readonly createdAt: number } | undefined;
      while (!job && Date.now() - closedAt < 30_000) {
        await sleep(50);
        job = (await ledger.jobs.find({ statuses: ["ready", "leased"], limit: 100 })).find(
          ({ path }) => path === `f3/${name}`,
        );
      }
      latencies.push((job?.createdAt ?? Number.NaN) - closedAt);
    }
    await ledger.close();
    const median = medianOf(latencies);
    row(
      `from close to queued, ${SINGLES} photos one by one`,
      `median ${median} ms, worst ${Math.max(...latencies)} ms`,
      `${LATENCY_MS_MAX} ms at the median`,
      median <= LATENCY_MS_MAX,
    );
    await daemon.kill("SIGTERM");
  } finally {
    project.remove();
  }
}

console.log("| | measured | limit | |\n|---|---|---|---|");
if (parts.includes("lying")) await lyingThere();
if (parts.includes("drop")) await drop();
process.exit(missed ? 1 : 0);

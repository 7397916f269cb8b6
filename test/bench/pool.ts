/**
 * Is a GPU ever idle while photos wait? 100 photos of 24 MP through the real daemon and stand-in servers, processes of
 * their own whose prompts take a given time in all; uploads pass a line of 20 MB/s with 20 ms of latency.
 *
 *     npm run bench:pool -- [--photos 100] [--only 1,2,3,4] [--width 6000]
 *
 * Parts: 1, one server of 1.0 s; 2, four servers of 4.0 s against one; 3 and 4, the same with deaf sockets. Smaller photos show
 * the line alone on a machine whose processors cannot finish one of 24 MP a second.
 *
 * Measured is from the moment the first prompt began until the last output had its name, with everything that happens in
 * between: plates, uploads, downloads, looks, full-size pictures. Busy is the servers' own count of the time they spent on
 * prompts of photos. Each server counts, too, how many prompts lay there at once.
 */
import { existsSync, linkSync, mkdirSync, readdirSync, renameSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import sharp from "sharp";
import { type ComfyuiApart, startComfyuiApart } from "../support/comfyui-apart.ts";
import { type FaultyProxy, startFaultyProxy } from "../support/faulty-proxy.ts";
import { largePhoto } from "../support/large-photos.ts";
import { makeProject } from "../support/program.ts";

const WIDTH = 6_000;
const LATENCY_MS = 20;
const UPLOAD_BYTES_PER_SECOND = 20e6;
const DEPTH = 2;
const SERVERS_MAX = 4;
const BUSY_MIN = 0.98;
const TIMES_MIN = 3.8;
const LOOK_MS = 250;

type Measured = {
  readonly seconds: number;
  readonly busy: number;
  readonly mostAtOnce: number;
  readonly share: number;
};
type Told = {
  renders: { promptId: string; inputName: string }[];
  spans: { promptId: string; begunAt: number; endedAt: number }[];
  atOnce: number[];
};

const text = { type: "string" } as const;
const { values } = parseArgs({ options: { photos: text, only: text, width: text } });
const photos = Number(values.photos ?? 100);
const only = (values.only ?? "1,2,3,4").split(",");
const width = Number(values.width ?? WIDTH);
const height = Math.round(width / 1.5);
const cache = join(tmpdir(), `hotgrade-bench-pool-${width}`);

/** Made once; each has a patch of its own, so that no two plates are alike. */
async function makePhotos(): Promise<void> {
  mkdirSync(cache, { recursive: true });
  const missing = Array.from({ length: photos + SERVERS_MAX }, (_, nth) => join(cache, nameOf(nth))).filter(
    (file) => !existsSync(file),
  );
  if (missing.length === 0) return;
  const raw = { width, height, channels: 3 as const };
  const pixels = await largePhoto(width, height);
  for (const file of missing) {
    const nth = Number(/(\d+)\.jpg$/.exec(file)![1]);
    const background = { r: (nth * 37) % 256, g: (nth * 101) % 256, b: (nth * 59) % 256 };
    const side = Math.round(width / 10);
    const patch = await sharp({ create: { width: side, height: side, channels: 3, background } })
      .png()
      .toBuffer();
    const composed = sharp(pixels, { raw }).composite([{ input: patch, left: side, top: side }]);
    await composed.jpeg({ quality: 92 }).toFile(`${file}.part`);
    renameSync(`${file}.part`, file);
  }
}

const nameOf = (nth: number) => `p${String(nth).padStart(3, "0")}.jpg`;

async function measure(servers: number, wholeMs: number, deaf: boolean): Promise<Measured> {
  const started: { readonly comfyui: ComfyuiApart; readonly proxy: FaultyProxy }[] = [];
  for (let nth = 0; nth < servers; nth++) {
    const comfyui = await startComfyuiApart({ renderMs: 1, wholeMs, previews: false, compressionLevel: 1 });
    if (deaf) await comfyui.tell({ do: "misbehave", fault: "deaf" });
    const shape = { latencyMs: LATENCY_MS, uploadBytesPerSecond: UPLOAD_BYTES_PER_SECOND };
    started.push({ comfyui, proxy: await startFaultyProxy({ target: comfyui.url, ...shape }) });
  }
  const lines = started.map(
    ({ proxy }, n) => `  - { name: gpu-${n + 1}, kind: comfyui, url: "${proxy.url}", depth: ${DEPTH} }`,
  );
  const project = makeProject(`
backends:
${lines.join("\n")}
inboxes: [{ path: inbox, outbox: graded, settle: 100ms, rescan: 1s }]
`);
  try {
    // A photo for each server beforehand: its rounding is found out once, ever.
    for (let nth = 0; nth < servers; nth++)
      linkSync(join(cache, nameOf(photos + nth)), join(project.inbox, nameOf(photos + nth)));
    const daemon = await project.start();
    while (outputsOf(project.outbox).length < servers) await sleep(LOOK_MS);
    const warm = (await counted(started)).flatMap(({ spans }) => spans.map(({ promptId }) => promptId));
    for (let nth = 0; nth < photos; nth++) linkSync(join(cache, nameOf(nth)), join(project.inbox, nameOf(nth)));
    while (outputsOf(project.outbox).length < photos + servers) await sleep(LOOK_MS);
    const outputs = outputsOf(project.outbox);
    // The change of a file's entry is when it got its name.
    const endedAt = Math.max(...outputs.map((name) => statSync(join(project.outbox, name)).ctimeMs));
    await daemon.kill("SIGTERM");
    return summed(await counted(started), new Set(warm), endedAt, servers);
  } finally {
    project.remove();
    for (const { comfyui, proxy } of started) {
      await proxy.close();
      await comfyui.close();
    }
  }
}

const counted = async (started: readonly { readonly comfyui: ComfyuiApart }[]) =>
  (await Promise.all(started.map(({ comfyui }) => comfyui.tell({ do: "counts" })))) as unknown as Told[];

/** Without the prompts in `before`. */
function summed(told: readonly Told[], before: ReadonlySet<string>, endedAt: number, servers: number): Measured {
  const spans = told.flatMap((one) => {
    const probes = new Set(
      one.renders.filter(({ inputName }) => inputName.includes("/probe/")).map((each) => each.promptId),
    );
    return one.spans.filter(({ promptId }) => !probes.has(promptId) && !before.has(promptId));
  });
  const begunAt = Math.min(...spans.map((span) => span.begunAt));
  const busy = spans.reduce((sum, span) => sum + span.endedAt - span.begunAt, 0) / 1_000;
  const seconds = (endedAt - begunAt) / 1_000;
  const mostAtOnce = Math.max(...told.flatMap(({ atOnce }) => atOnce));
  return { seconds, busy, mostAtOnce, share: busy / seconds / servers };
}

const outputsOf = (outbox: string) =>
  existsSync(outbox) ? readdirSync(outbox).filter((name) => name.endsWith(".jpg")) : [];

let missed = false;
const row = (what: string, { seconds, share, mostAtOnce }: Measured, shown: string, isKept: boolean) => {
  const kept = isKept && mostAtOnce <= DEPTH;
  missed ||= !kept;
  const cells = [what, seconds.toFixed(1), `${(100 * share).toFixed(1)} %`, shown, mostAtOnce, kept ? "ok" : "MISS"];
  console.log(`| ${cells.join(" | ")} |`);
};

await makePhotos();
console.log(
  `\n${photos} photos of 24 MP\n\n| | wall s | servers busy | | most prompts at once | |\n|---|---|---|---|---|---|`,
);
for (const deaf of [false, true]) {
  const how = deaf ? ", sockets deaf" : "";
  if (only.includes(deaf ? "3" : "1")) {
    const one = await measure(1, 1_000, deaf);
    row(`one server of 1.0 s${how}`, one, `at least ${100 * BUSY_MIN} %`, one.share >= BUSY_MIN);
  }
  if (only.includes(deaf ? "4" : "2")) {
    const four = await measure(4, 4_000, deaf);
    const one = await measure(1, 4_000, deaf);
    row(`one server of 4.0 s${how}`, one, "", true);
    const times = one.seconds / four.seconds;
    row(`four servers of 4.0 s${how}`, four, `${times.toFixed(2)} ×, at least ${TIMES_MIN}`, times >= TIMES_MIN);
  }
}
process.exit(missed ? 1 : 0);

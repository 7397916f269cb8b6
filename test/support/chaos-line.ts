/** The processes of a fault campaign: a project, its servers and the proxy before each. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type ComfyuiApart, startComfyuiApart } from "./comfyui-apart.ts";
import { type FaultyProxy, startFaultyProxy } from "./faulty-proxy.ts";
import { makeProject } from "./program.ts";

export type Render = { readonly promptId: string; readonly inputName: string; readonly prefix: string };
export type ChaosServer = { readonly comfyui: ComfyuiApart; readonly proxy: FaultyProxy };

const RENDER_MS = 60;
/** Above the answer's limit below. */
const SLOW_MS = 1_500;

export async function startChaosLine(count: number) {
  const servers: ChaosServer[] = [];
  for (let nth = 0; nth < count; nth++) {
    const comfyui = await startComfyuiApart({ renderMs: RENDER_MS, compressionLevel: 1, previews: false });
    servers.push({ comfyui, proxy: await startFaultyProxy({ target: comfyui.url, slowMs: SLOW_MS }) });
  }
  const project = makeProject(`
log: { level: debug }
backends:
${servers.map(({ proxy }, nth) => `  - { name: gpu-${nth + 1}, kind: comfyui, url: "${proxy.url}", timeouts: { connect: 1s, answer: 1s, transfer: 2s } }`).join("\n")}
inboxes: [{ path: inbox, outbox: graded, settle: 100ms, rescan: 1s }]
`);

  /** Without the probes by which a backend's rounding is found out: they are no photo's. */
  async function renders(server: number): Promise<readonly Render[]> {
    const told = (await servers[server]!.comfyui.tell({ do: "counts" })) as { renders: Render[] };
    return told.renders.filter(({ inputName }) => !inputName.includes("/probe/"));
  }

  return {
    project,
    servers,
    renders,
    /** Renders that left no picture on their server. */
    async unfinished(server: number): Promise<readonly string[]> {
      const output = join(servers[server]!.comfyui.dir, "output");
      const left = (await renders(server)).filter(({ prefix }) => !existsSync(join(output, `${prefix}_00001_.png`)));
      return left.map(({ promptId }) => promptId);
    },
    /** What the ledger tells of these photos, and of those whose plates were rendered twice. */
    async stories(photos: readonly string[], plates: readonly string[], most: number): Promise<readonly unknown[]> {
      const { jobs } = (await project.json("jobs", "--limit", "100000")) as { jobs: { id: string; path: string }[] };
      const told: unknown[] = [];
      for (const { id, path } of jobs) {
        if (told.length >= most) break;
        const story = (await project.json("job", id)) as { tickets: readonly unknown[] };
        if (photos.includes(path) || (plates.length > 0 && story.tickets.length > 1)) told.push(story);
      }
      return told;
    },
    async close(): Promise<void> {
      project.remove();
      for (const { comfyui, proxy } of servers) {
        comfyui.signal("SIGCONT");
        await proxy.close();
        await comfyui.close();
      }
    },
  };
}

/** A ledger that knows a folder of finished photos, as a daemon would have left it. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLedger } from "../../src/adapters/sqlite/ledger.ts";
import type { PathText } from "../../src/core/inbox/path-text.ts";
import { aNewJob, aRecipe } from "./jobs.ts";

const AT_ONCE = 500;
const FAST = "/dev/shm";

/** Photos of these names in the project's inbox become done jobs with their sightings. Built in memory, since it syncs. */
export async function fillLedger(project: { readonly root: string; readonly inbox: string }, names: readonly string[]) {
  const folder = mkdtempSync(join(isThere(FAST) ? FAST : tmpdir(), "hotgrade-ledger-"));
  try {
    const file = join(folder, "ledger.db");
    const ledger = openLedger(file, 1);
    const inbox = project.inbox as PathText;
    const recipe = aRecipe();
    for (let from = 0; from < names.length; from += AT_ONCE) {
      const some = names.slice(from, from + AT_ONCE);
      for (const [index, name] of some.entries()) {
        const id = crypto.randomUUID();
        const pictureSha256 = (from + index).toString(16).padStart(64, "0");
        const path = name as PathText;
        const original = join(inbox, name) as PathText;
        const facts = { photo: { width: 6000, height: 4000 } } as never;
        await ledger.jobs.add({ ...aNewJob(), id, inbox, path, original, pictureSha256, recipe, facts }, 1);
      }
      const leases = some.map(() => crypto.randomUUID());
      const request = { stages: ["upload" as const], backends: ["gpu-1"], known: ["gpu-1"], unable: [] };
      const claim = { ...request, limit: leases.length, leases, now: 2, until: 1e15, owner: "bench" };
      for (const { job, lease } of await ledger.jobs.claim(claim)) {
        const next = { stage: "retire", status: "done", attempt: 0, rewinds: 0, facts: job.facts, dueAt: 2 } as const;
        const rest = { waitsOn: null, holdReason: null, failure: null, endedAt: 3 };
        const attempt = { stage: "retire", number: 1, kind: "done", startedAt: 2, endedAt: 3, times: 1 } as const;
        await ledger.jobs.finish(job.id, lease, { ...next, ...rest }, { ...attempt, code: null, message: null });
      }
      const sightings = some.map((name) => {
        const { size, mtimeNs, ino } = statSync(join(inbox, name), { bigint: true });
        const file = { path: name as PathText, sizeBytes: Number(size), mtimeNs: String(mtimeNs), inode: String(ino) };
        return { ...file, state: "taken" as const, code: null, message: null };
      });
      await ledger.sightings.put(inbox, sightings, 3);
    }
    const ids = (await ledger.jobs.find({})).map(({ id }) => id);
    const batch = { id: crypto.randomUUID(), inbox, folder: "" as PathText, data: {}, closedAt: 4 };
    await ledger.batches.close(batch, ids);
    await ledger.batches.tell(batch.id, {}, 4);
    await ledger.close();
    mkdirSync(join(project.root, "var"), { recursive: true });
    copyFileSync(file, join(project.root, "var/ledger.db"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function isThere(folder: string): boolean {
  try {
    return statSync(folder).isDirectory();
  } catch {
    return false; // not on every system
  }
}

/** What docs/tethering.md promises: its script, and bursts that are queued in the order asked for. */
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { startComfyui } from "../support/comfyui.ts";
import { sceneImage } from "../support/photos.ts";
import { makeProject, type TestProject } from "../support/program.ts";

const DOC = readFileSync(join(import.meta.dirname, "../../docs/tethering.md"), "utf8");
const jpeg = (seed: number) => sceneImage(300, 200, seed).jpeg({ quality: 90 }).toBuffer();

describe.skipIf(process.platform === "win32")("the hook of gphoto2", () => {
  test("moves what was downloaded into the inbox, keeps both of one name, and leaves other actions alone", () => {
    const folder = mkdtempSync(join(tmpdir(), "hotgrade-hook-"));
    try {
      const script = join(folder, "to-inbox.sh");
      writeFileSync(script, /<!-- hook -->\n```sh\n([\s\S]*?)```/.exec(DOC)![1]!, { mode: 0o755 });
      const inbox = join(folder, "inbox");
      mkdirSync(inbox);
      const hear = (action: string, file = "") =>
        execFileSync("sh", [script], {
          cwd: folder,
          env: { ...process.env, INBOX: inbox, ACTION: action, ARGUMENT: file },
        });
      hear("init");
      for (const text of ["one", "two"]) {
        writeFileSync(join(folder, "IMG 1.jpg"), text);
        hear("download", "IMG 1.jpg");
      }
      hear("stop");
      expect(readdirSync(inbox).sort()).toEqual(["IMG 1-2.jpg", "IMG 1.jpg"]);
      expect(readFileSync(join(inbox, "IMG 1.jpg"), "utf8")).toBe("one");
      expect(existsSync(join(folder, "IMG 1.jpg"))).toBe(false);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("a burst is queued in the order asked for", () => {
  let project: TestProject;
  afterEach(() => project.remove());

  /** The files' dates run against their names: a burst copied backwards. */
  async function queuedIn(order: string): Promise<readonly string[]> {
    await using comfyui = await startComfyui({ renderMs: 20 });
    project = makeProject(`
log: { level: debug }
backends: [{ name: gpu-1, kind: comfyui, url: "${comfyui.url}" }]
inboxes: [{ path: inbox, outbox: graded, settle: 200ms, rescan: 1s, order: ${order}, sidecars: [] }]
`);
    const names = ["IMG_2.jpg", "IMG_9.jpg", "IMG_10.jpg", "IMG_11.jpg"];
    for (const [at, name] of names.entries()) {
      writeFileSync(join(project.inbox, name), await jpeg(at));
      utimesSync(join(project.inbox, name), 2_000 - at, 2_000 - at);
    }
    const daemon = await project.start();
    await daemon.until(() => daemon.lines.filter(({ message }) => message === "photo done").length === names.length);
    await daemon.kill("SIGTERM");
    // The newest job is listed first.
    const { jobs } = (await project.json("jobs")) as { jobs: { path: string }[] };
    return jobs.map(({ path }) => path).reverse();
  }

  test("by name, numbers as numbers", async () => {
    expect(await queuedIn("name")).toEqual(["IMG_2.jpg", "IMG_9.jpg", "IMG_10.jpg", "IMG_11.jpg"]);
  });

  test("by age", async () => {
    expect(await queuedIn("oldest")).toEqual(["IMG_11.jpg", "IMG_10.jpg", "IMG_9.jpg", "IMG_2.jpg"]);
  });
});

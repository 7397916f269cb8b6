/** What every backend does, run over each file of src/adapters/backends/. */
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { open as openBuiltin } from "../../src/adapters/backends/builtin.ts";
import type { PathText } from "../../src/core/inbox/path-text.ts";
import { frameFor } from "../../src/core/workflow/framing.ts";
import type { Backend, Pictures, Submission } from "../../src/ports.ts";
import { ids, makePlate, openRig, type Plate, use } from "../support/backend-rig.ts";

const FOLDER = join(import.meta.dirname, "../../src/adapters/backends");
const WORKFLOW = "kontext-color-grade";
/** Until a rendered picture is there. */
const RENDER = { timeout: 20_000, interval: 20 };

type Setup = {
  readonly backend: Backend;
  /** For the plate and what comes back. */
  readonly folder: string;
  /** It keeps nothing of a ticket, since it can make the same picture again at any time. */
  readonly stateless: boolean;
  dispose(): Promise<void>;
};

/** Every backend kind has its line here. */
const SETUPS: Readonly<Record<string, () => Promise<Setup>>> = {
  async comfyui() {
    const text = readFileSync(join(FOLDER, "../../../workflows", `${WORKFLOW}.json`), "utf8");
    const rig = await openRig({ workflows: { [WORKFLOW]: text } });
    const { backend, folder } = rig;
    return { backend, folder, stateless: false, dispose: () => rig[Symbol.asyncDispose]() };
  },
  async builtin() {
    const folder = mkdtempSync(join(tmpdir(), "hotgrade-backend-"));
    const pictures: Partial<Pictures> = {
      async paint({ plate, to }) {
        await sharp(plate).negate().png().toFile(to);
      },
    };
    const backend = openBuiltin({ name: "here", kind: "builtin" }, { pictures: pictures as Pictures });
    return { backend, folder, stateless: true, dispose: async () => rmSync(folder, { recursive: true }) };
  },
};

function describeBackend(name: string, setup: () => Promise<Setup>): void {
  describe(`backend ${name}`, () => {
    let made: Setup;
    let backend: Backend;
    let plate: Plate;
    beforeAll(async () => {
      made = await setup();
      backend = made.backend;
      const frame = frameFor(await backend.plateRule(WORKFLOW, {}), 300, 200);
      plate = await makePlate(made.folder, frame.width, frame.height);
    });
    afterAll(() => made.dispose());

    const put = () => backend.put({ ...plate, folder: "hotgrade/2026-11-22" });

    async function fresh(): Promise<Submission> {
      const ticket = ids.uuid();
      const { file, width, height } = plate;
      const names = { ticket, prefix: `hotgrade/2026-11-22/${ticket}`, workflow: WORKFLOW, slots: {}, params: {} };
      return {
        ...names,
        prompt: "warm",
        seed: 7,
        plate: { file, width, height },
        placement: await put(),
        usual: null,
      };
    }

    test("it answers a probe and finds nothing wrong with a workflow that runs", async () => {
      await backend.probe();
      const findings = await backend.check([use(WORKFLOW)]);
      expect(findings.length).toBeGreaterThan(0);
      expect(findings.filter(({ level }) => level === "error")).toEqual([]);
    });

    test("it can run a workflow that runs, and says so", async () => {
      expect(await backend.preflight(use(WORKFLOW))).toEqual({ ready: true });
    });

    test("a plate put twice has one name", async () => {
      expect(await put()).toBe(await put());
    });

    test("a plate goes in and a whole picture of its size comes out", async () => {
      const submission = await fresh();
      await backend.submit(submission);
      await expect.poll(() => backend.progress(submission), RENDER).toMatchObject({ kind: "finished" });
      const progress = await backend.progress(submission);
      if (progress.kind !== "finished") throw new Error(`it is ${progress.kind} now`);
      const [ref] = progress.pictures;
      expect(ref?.slot).toBe("result");
      const to = join(made.folder, `${submission.ticket}.png`) as PathText;
      await backend.picture(submission, ref!, to);
      expect(await sharp(to).metadata()).toMatchObject({ format: "png", width: plate.width, height: plate.height });
      const raw = await sharp(to, { failOn: "warning" }).raw().toBuffer();
      expect(createHash("sha256").update(raw).digest("hex")).not.toBe(
        createHash("sha256")
          .update(await sharp(plate.file).raw().toBuffer())
          .digest("hex"),
      );
    });

    test("a submit may be repeated", async () => {
      const submission = await fresh();
      await backend.submit(submission);
      await backend.submit(submission);
      await expect.poll(() => backend.progress(submission), RENDER).toMatchObject({ kind: "finished" });
      await backend.submit(submission);
      expect(await backend.progress(submission)).toMatchObject({ kind: "finished" });
    });

    test("a ticket it never saw is unknown, unless it keeps none", async () => {
      const { kind } = await backend.progress(await fresh());
      expect(kind).toBe(made.stateless ? "finished" : "unknown");
    });

    test("cancelling what is not there is no error", async () => {
      await backend.cancel(ids.uuid());
    });

    test("it knows its rounding, and says the same again", async () => {
      const rounding = await backend.rounding();
      expect(["rounded", "truncated"]).toContain(rounding);
      expect(await backend.rounding()).toBe(rounding);
    });

    test("a nudge can be listened to and left", () => {
      const leave = backend.onNudge(() => {});
      expect(leave).toBeTypeOf("function");
      leave();
    });

    test("it has a name, a kind and a depth", () => {
      expect(backend.kind).toBe(name);
      expect(backend.name).not.toBe("");
      expect(backend.depth).toBeGreaterThanOrEqual(1);
    });
  });
}

const kinds = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.slice(0, -3));

for (const kind of kinds) {
  const setup = SETUPS[kind];
  if (setup) describeBackend(kind, setup);
  else test(`backend ${kind} has a setup in this suite`, () => expect(Object.keys(SETUPS)).toContain(kind));
}

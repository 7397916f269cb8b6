/** A person looks before a photo is written: held with a proof, approved, rejected, given up. The real program. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Comfyui, startComfyui } from "../support/comfyui.ts";
import { makeProject, type TestProject } from "../support/program.ts";
import { frame, moody } from "../support/shoot.ts";

type Told = {
  id: string;
  path: string;
  status: string;
  proof: string | null;
  prompt: string;
  outputs: unknown[];
  error: { code: string; message: string; hint: string } | null;
  tickets: { id: string; seed: number; state: string }[];
  shoot: { role: string } | null;
};

let comfyui: Comfyui;
let project: TestProject;
const open = (keys = "") => {
  project = makeProject(`
backends: [{ name: gpu-1, kind: comfyui, url: "${comfyui.url}" }]
inboxes: [{ path: inbox, outbox: graded, settle: 100ms, rescan: 1s, review: true${keys} }]
`);
};
const all = async () => ((await project.json("jobs")) as { jobs: Told[] }).jobs.toReversed();
const whole = async (id: string) => (await project.json("job", id)) as Told;
const only = async () => whole((await all())[0]!.id);
const written = () =>
  existsSync(project.outbox)
    ? readdirSync(project.outbox, { recursive: true, encoding: "utf8" }).filter((name) =>
        /\.(jpg|cube|json)$/.test(name),
      )
    : [];
const photos = () => written().filter((name) => name.endsWith(".jpg"));
/** Without the probe by which the rounding is found out. */
const renders = () => comfyui.renders.filter(({ inputName }) => !inputName.includes("/probe/"));
async function put(name: string, n = 0, scene?: string) {
  mkdirSync(join(project.inbox, name, ".."), { recursive: true });
  writeFileSync(join(project.inbox, name), await frame(n, scene ? { scene } : {}));
}

beforeEach(async () => {
  comfyui = await startComfyui({ renderMs: 20, look: moody("warm") });
});
afterEach(async () => {
  project.remove();
  await comfyui.close();
});

describe("review", () => {
  test("a photo is held with a proof and nothing in the outbox; approving writes it without asking again", async () => {
    open();
    // Taken with the camera turned: the proof stands as the output will.
    const turned = await sharp(await frame(1))
      .resize(3000, 2000)
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    writeFileSync(join(project.inbox, "a.jpg"), turned);
    const { stderr } = await project.run("once");
    expect(stderr).toContain("1 held");
    const held = await only();
    expect([held.status, held.error?.code, written()]).toEqual(["held", "review", []]);
    expect(held.error?.message).toContain(`hotgrade approve ${held.id.slice(0, 8)}`);
    const proof = await sharp(held.proof!).metadata();
    expect(proof.format).toBe("jpeg");
    expect((proof.width * proof.height) / 2e6).toBeCloseTo(1, 1);
    expect((await project.run("status")).stdout).toContain(`proof: ${held.proof}`);

    expect((await project.run("approve", "--all", "--inbox", "inbox")).stderr).toContain("1 photo will be written");
    expect((await project.run("once")).code).toBe(0);
    expect(photos()).toEqual(["a.jpg"]);
    expect(renders()).toHaveLength(1);
    const output = await sharp(join(project.outbox, "a.jpg")).autoOrient().toBuffer({ resolveWithObject: true });
    const shown = await sharp(held.proof!).autoOrient().toBuffer({ resolveWithObject: true });
    expect(shown.info.width < shown.info.height).toBe(output.info.width < output.info.height);
  });

  test("rejecting asks for the same plate with another seed, also where the recipe names one, as often as one likes", async () => {
    open(", seed: 42");
    await put("a.jpg");
    await project.run("once");
    for (let n = 0; n < 4; n++) {
      expect((await project.run("reject", (await only()).id)).code).toBe(0);
      await project.run("once");
    }
    const { status, tickets, proof } = await only();
    expect([status, tickets.length, written()]).toEqual(["held", 5, []]);
    expect(new Set(tickets.map(({ seed }) => seed)).size).toBe(5);
    expect(tickets.map(({ seed }) => seed)).toContain(42);
    expect(new Set(renders().map(({ inputName }) => inputName)).size).toBe(1);
    // Each answer has a proof of its own, to compare.
    expect(readdirSync(join(proof!, "..")).filter((name) => name.startsWith("proof-"))).toHaveLength(5);
  });

  test("with other words it is that photo alone that has them", async () => {
    open();
    await put("a.jpg", 0);
    await put("b.jpg", 1);
    await project.run("once");
    const [first, second] = await all();
    await project.run("reject", first!.id, "--prompt", "cold and hard");
    await project.run("once");
    expect([(await whole(first!.id)).prompt, (await whole(second!.id)).prompt]).toEqual([
      "cold and hard",
      expect.stringContaining("Warm"),
    ]);
    expect((await whole(first!.id)).tickets).toHaveLength(2);
    await project.run("approve", first!.id);
    await project.run("once");
    expect(readFileSync(join(project.outbox, "a.grade.json"), "utf8")).toContain("cold and hard");
    expect((await project.run("retry", "--stale")).stderr).toContain("0 photos");
  });

  test("given up it ends: nothing is written, the original stays, and nothing is asked", async () => {
    open();
    await put("a.jpg");
    await project.run("once");
    expect((await project.run("reject", "--all", "--give-up")).stderr).toContain("1 photo given up");
    await project.run("once");
    expect([(await only()).status, written(), existsSync(join(project.inbox, "a.jpg"))]).toEqual([
      "cancelled",
      [],
      true,
    ]);
    expect(renders()).toHaveLength(1);
    const both = await project.run("reject", "--all", "--give-up", "--prompt", "x");
    expect([both.code, both.stderr]).toEqual([2, expect.stringContaining("leave out --prompt")]);
  });

  test("given up it goes where what failed goes, also from where it was put while it was held; retry brings it back", async () => {
    open(', original: { held: "move:look-at-these", failed: "move:refused" }');
    await put("day/a.jpg");
    await project.run("once");
    expect(existsSync(join(project.inbox, "look-at-these/day/a.jpg"))).toBe(true);
    expect((await project.run("reject", "--all", "--give-up")).stderr).toContain("1 photo given up");
    await project.run("once");
    const refused = join(project.inbox, "refused/day");
    expect(readdirSync(refused).sort()).toEqual(["a.jpg", "a.jpg.error.json"]);
    expect(readdirSync(join(project.inbox, "look-at-these/day"))).toEqual([]);
    const why = JSON.parse(readFileSync(join(refused, "a.jpg.error.json"), "utf8"));
    expect(why).toMatchObject({
      code: "cancelled",
      message: "Given up by hand.",
      from: join(project.inbox, "day/a.jpg"),
    });
    expect([(await only()).status, written(), renders().length]).toEqual(["cancelled", [], 1]);

    await project.run("retry", (await only()).id);
    expect([readdirSync(refused), existsSync(join(project.inbox, "day/a.jpg"))]).toEqual([[], true]);
    await project.run("once");
    expect((await only()).status).toBe("held");
    await project.run("approve", "--all");
    await project.run("once");
    expect([(await only()).status, photos(), existsSync(join(project.inbox, "day/a.jpg"))]).toEqual([
      "done",
      ["day/a.jpg"],
      true,
    ]);
  });

  test("given up it comes back from where it was held, where what failed stays", async () => {
    open(', original: { held: "move:look-at-these" }');
    await put("a.jpg");
    await project.run("once");
    await project.run("reject", "--all", "--give-up");
    await project.run("once");
    expect([(await only()).status, existsSync(join(project.inbox, "a.jpg"))]).toEqual(["cancelled", true]);
    await project.run("once");
    expect([(await only()).status, written()]).toEqual(["cancelled", []]);
  });

  test("a kept look has a proof too, and no model to ask again", async () => {
    open(", look: each");
    await put("a.jpg");
    await project.run("once");
    await project.run("look", "keep", (await only()).id, "gold");
    project = ((old) => {
      writeFileSync(
        join(old.root, "hotgrade.yaml"),
        `inboxes: [{ path: inbox, outbox: graded, settle: 100ms, review: true, look: gold }]`,
      );
      return old;
    })(project);
    await put("b.jpg", 1);
    await project.run("once");
    const [, b] = await all();
    expect([b!.status, b!.error?.code, existsSync(b!.proof!)]).toEqual(["held", "review", true]);
    expect((await project.run("reject", b!.id)).code).toBe(1);
    expect((await project.run("approve", b!.id)).code).toBe(0);
    await project.run("once");
    expect(photos()).toEqual(["b.jpg"]);
  });

  test("of a shoot the hero is held and the frames wait; approving lets all of them go on", async () => {
    open(", look: shoot");
    for (let n = 0; n < 3; n++) await put(`day/IMG_${n}.jpg`, n);
    await project.run("once");
    const [hero, ...frames] = await all();
    expect([hero!.status, hero!.error?.code, frames.map(({ status }) => status)]).toEqual([
      "held",
      "review",
      ["ready", "ready"],
    ]);
    await project.run("reject", hero!.id);
    await project.run("once");
    expect([(await whole(hero!.id)).status, (await whole(hero!.id)).tickets.length]).toEqual(["held", 2]);
    expect(written()).toEqual([]);
    await project.run("approve", hero!.id);
    expect((await project.run("once")).code).toBe(0);
    expect(photos()).toHaveLength(3);
    expect(renders()).toHaveLength(2);
  });

  test("a kill while photos are held loses nothing", async () => {
    open();
    await put("a.jpg");
    const daemon = await project.start();
    await daemon.until(async () => (await all())[0]?.status === "held");
    await daemon.kill("SIGKILL");
    const again = await project.start();
    const { id, proof } = await only();
    expect(existsSync(proof!)).toBe(true);
    await project.run("approve", id);
    await again.line(({ message }) => message === "photo done");
    expect(photos()).toEqual(["a.jpg"]);
    await again.kill("SIGTERM");
  });
});

/** Whether a workflow can run on a ComfyUI, found out without posting anything: by `check`, and by `preflight` for jobs. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readNodeInfo } from "../../src/adapters/backends/comfyui/node-info.ts";
import { openRig, type Rig, type RigOptions, smallWorkflow, use } from "../support/backend-rig.ts";

const WORKFLOWS = join(import.meta.dirname, "../../workflows");
const SHIPPED = [
  ...["kontext-color-grade", "flux2-klein-color-grade", "flux2-dev", "qwen-color-grade"],
  ...["direct-edit", "upscale", "cutout"],
];
const file = (name: string) => readFileSync(join(WORKFLOWS, name), "utf8");

/** A workflow called `changed`: the small one after `change`. */
const changed = (change: (graph: ReturnType<typeof smallWorkflow>) => void): NonNullable<RigOptions["workflows"]> => {
  const graph = smallWorkflow();
  change(graph);
  return { changed: JSON.stringify(graph) };
};
const unready = (message: RegExp) => ({
  ready: false,
  code: "workflow-unready",
  message: expect.stringMatching(message),
});
const asked = ({ server }: Rig) =>
  [...server.requests]
    .filter(([what]) => what.startsWith("GET /object_info"))
    .reduce((sum, [, count]) => sum + count, 0);

describe("what keeps a workflow from running", () => {
  test.each(SHIPPED)("is nothing for %s on a server that has its nodes and models", async (name) => {
    await using rig = await openRig({ workflows: { [name]: file(`${name}.json`) } });
    expect(await rig.backend.preflight(use(name))).toEqual({ ready: true });
    expect(rig.server.prompts).toEqual([]);
  });

  test("is a missing model file: where it belongs, how large it is and where to get it", async () => {
    const notes = { small: file("kontext-color-grade.notes.json") };
    await using rig = await openRig({ server: { models: { vae: [] } }, notes });
    expect(await rig.backend.preflight(use("small"))).toEqual(
      unready(
        /"ae\.safetensors".*put it into ComfyUI's models\/vae\/ \(335 MB, from https:\/\/huggingface\.co\/.*ae\.safetensors\)/,
      ),
    );
  });

  test("is a model file under another name, which is guessed", async () => {
    const present = ["flux1-kontext-dev_fp8_scaled.safetensors", "sd15.safetensors"];
    await using rig = await openRig({ server: { models: { diffusion_models: present } } });
    expect(await rig.backend.preflight(use("small"))).toEqual(
      unready(/did you mean "flux1-kontext-dev_fp8_scaled\.safetensors", which is there/),
    );
  });

  test("is a ComfyUI that is too old for a node, said as versions", async () => {
    const server = { version: "0.3.40", missingNodes: ["ReferenceLatent", "FluxKontextImageScale"] };
    const workflows = { kontext: file("kontext-color-grade.json") };
    await using rig = await openRig({ server, workflows, notes: { kontext: file("kontext-color-grade.notes.json") } });
    expect(await rig.backend.preflight(use("kontext"))).toEqual(
      unready(
        /^ComfyUI is 0\.3\.40, workflow kontext needs 0\.3\.42 or newer \(it lacks FluxKontextImageScale, ReferenceLatent\): update ComfyUI\.$/,
      ),
    );
  });

  test("is the age of the server also where only a value is too new for it", async () => {
    const graph = JSON.parse(file("qwen-color-grade.json"));
    graph["9"].inputs.reference_latents_method = "newest";
    const notes = { qwen: file("qwen-color-grade.notes.json") };
    await using rig = await openRig({ workflows: { qwen: JSON.stringify(graph) }, notes });
    expect(await rig.backend.preflight(use("qwen"))).toEqual(
      unready(/^ComfyUI is 0\.3\.64, workflow qwen needs 0\.5\.0 or newer: update ComfyUI\. And 1 more/),
    );
  });

  test("is a node of somebody else's, with the name that was perhaps meant", async () => {
    const workflows = changed((graph) => {
      graph["11"]!.class_type = "KSamplr";
    });
    await using rig = await openRig({ workflows });
    expect(await rig.backend.preflight(use("changed"))).toEqual(
      unready(/node 11 \(KSamplr.*install the custom node.*Did you mean KSampler\?/),
    );
  });

  test("is a value that the node does not know", async () => {
    await using rig = await openRig({
      workflows: changed((graph) => Object.assign(graph["11"]!.inputs, { scheduler: "simpel" })),
    });
    expect(await rig.backend.preflight(use("changed"))).toEqual(
      unready(/does not know "simpel" for scheduler of node 11.*did you mean "simple"\?/),
    );
  });

  test("is an input that the node needs and the file lacks", async () => {
    await using rig = await openRig({ workflows: changed((graph) => void delete graph["11"]!.inputs.cfg) });
    expect(await rig.backend.preflight(use("changed"))).toEqual(
      unready(/Node 11 \(KSampler.* has no cfg, which it needs/),
    );
  });

  test.each([
    [{ steps: 0 }, /Parameter steps, steps of node 11 .* is 0, but takes a whole number from 1 to 10000/],
    [{ steps: 20.5 }, /is 20\.5, but takes a whole number from 1 to 10000/],
    [{ strength: 1.5 }, /Parameter strength, denoise of node 11 .* is 1\.5, but takes a number from 0 to 1/],
    [{ guidance: -1 }, /Parameter guidance, .* is -1, but takes a number from 0 to 100/],
    [{ sampler: "eular" }, /does not know "eular" for parameter sampler, sampler_name .*did you mean "euler"\?/],
  ] as const)("is the parameter %j, by the server's own range", async (params, why) => {
    await using rig = await openRig();
    expect(await rig.backend.preflight(use("small", { params }))).toEqual(unready(why));
  });

  test("is never the plate, the seed or a picture below the input folder", async () => {
    const workflows = changed((graph) => {
      graph["90"] = { class_type: "LoadImage", inputs: { image: "looks/second.png" } };
    });
    await using rig = await openRig({ workflows });
    expect(await rig.backend.preflight(use("changed"))).toEqual({ ready: true });
  });

  test("that the file alone tells is thrown, as it is no server's fault", async () => {
    await using rig = await openRig();
    await expect(rig.backend.preflight(use("none"))).rejects.toMatchObject({ code: "workflow-missing" });
    await expect(rig.backend.preflight(use("small", { params: { warmth: 1 } }))).rejects.toMatchObject({
      code: "workflow-invalid",
      message: expect.stringMatching(/exposes no parameter warmth: it exposes .*steps/),
    });
  });

  test("is thrown as well where nobody answers, or something else does", async () => {
    await using rig = await openRig();
    rig.server.misbehave("not-comfyui");
    await expect(rig.backend.preflight(use("small"))).rejects.toMatchObject({ code: "backend-not-comfyui" });
    rig.server.heal();
    await rig.server.close();
    await expect(rig.backend.preflight(use("small"))).rejects.toMatchObject({ code: "backend-unreachable" });
  });
});

describe("an answer is remembered", () => {
  test("while it is yes and the connection lasts", async () => {
    await using rig = await openRig();
    await rig.backend.preflight(use("small"));
    const before = asked(rig);
    expect(before).toBeGreaterThan(5);
    rig.clock.jump(3_600_000);
    expect(await rig.backend.preflight(use("small"))).toEqual({ ready: true });
    expect(asked(rig)).toBe(before);
  });

  test("apart for other parameters", async () => {
    await using rig = await openRig();
    expect(await rig.backend.preflight(use("small", { params: { steps: 4 } }))).toEqual({ ready: true });
    expect(await rig.backend.preflight(use("small", { params: { steps: 0 } }))).toMatchObject({ ready: false });
  });

  test("for ten seconds while it is no", async () => {
    await using rig = await openRig({ server: { models: { vae: [] } } });
    await rig.backend.preflight(use("small"));
    const before = asked(rig);
    expect(await rig.backend.preflight(use("small"))).toMatchObject({ ready: false });
    expect(asked(rig)).toBe(before);
    rig.clock.jump(10_001);
    expect(await rig.backend.preflight(use("small"))).toMatchObject({ ready: false });
    expect(asked(rig)).toBeGreaterThan(before);
  });

  test("also what nodes there are, which may be a long list", async () => {
    const workflows = changed((graph) => {
      graph["11"]!.class_type = "KSamplr";
    });
    await using rig = await openRig({ workflows });
    for (let times = 0; times < 3; times++) {
      expect(await rig.backend.preflight(use("changed"))).toEqual(unready(/Did you mean KSampler\?/));
      rig.clock.jump(10_001);
    }
    expect(rig.server.requests.get("GET /object_info")).toBe(1);
  });

  test("until the server restarts", async () => {
    await using rig = await openRig();
    await rig.backend.preflight(use("small"));
    const before = asked(rig);
    await rig.server.restart();
    await expect
      .poll(async () => {
        await rig.backend.preflight(use("small")).catch(() => undefined);
        return asked(rig);
      })
      .toBeGreaterThan(before);
  });

  test("until a prompt is refused after all", async () => {
    await using rig = await openRig({ workflows: changed((graph) => Object.assign(graph["11"]!.inputs, { cfg: -5 })) });
    expect(await rig.backend.preflight(use("small"))).toEqual({ ready: true });
    const before = asked(rig);
    await expect(rig.backend.submit(await rig.submission({ workflow: "changed" }))).rejects.toMatchObject({
      code: "backend-rejected",
    });
    await rig.backend.preflight(use("small"));
    expect(asked(rig)).toBeGreaterThan(before);
  });
});

describe("/object_info", () => {
  const info = (type: unknown, extra?: unknown) =>
    readNodeInfo({ N: { input: { required: { x: extra === undefined ? [type] : [type, extra] } } } }, "N")?.required.x;

  test("lists choices in the older and in the newer spelling", () => {
    const choice = { kind: "choice", options: ["a", "b"] };
    expect(info(["a", "b"])).toEqual(choice);
    expect(info(["a", "b"], { tooltip: "t" })).toEqual(choice);
    expect(info("COMBO", { options: ["a", "b"], multiselect: false })).toEqual(choice);
  });

  test("bounds numbers, where it does", () => {
    expect(info("INT", { min: 1, max: 9 })).toEqual({ kind: "number", whole: true, min: 1, max: 9 });
    expect(info("FLOAT")).toEqual({ kind: "number", whole: false, min: -Infinity, max: Infinity });
  });

  test("of kinds to come keeps nothing from running", () => {
    for (const [type, extra] of [
      ["COMBO", { multiselect: true, options: ["a"] }],
      ["COMBO", { remote: { route: "/x" } }],
      ["COMFY_DYNAMICCOMBO_V3", { options: [{ key: "a" }] }],
      [{ odd: true }, undefined],
    ] as const)
      expect(info(type, extra)).toMatchObject({ kind: "other" });
    expect(readNodeInfo({ N: { input: { required: "odd" } } }, "N")).toEqual({ required: {}, optional: {} });
    expect(readNodeInfo({}, "constructor")).toBeUndefined();
  });
});

describe("check", () => {
  const levels = async (rig: Rig, ...uses: Parameters<Rig["backend"]["check"]>[0]) =>
    (await rig.backend.check(uses))
      .map(({ workflow, level, message }) => `${workflow ?? "-"} ${level} ${message}`)
      .join("\n");

  test("tells of a workflow that runs its licence, plates and parameters", async () => {
    const workflows = { kontext: file("kontext-color-grade.json") };
    await using rig = await openRig({ workflows, notes: { kontext: file("kontext-color-grade.notes.json") } });
    const told = await levels(rig, use("kontext"));
    expect(told).toMatch(/^kontext ok It can run/m);
    expect(told).toMatch(/^kontext ok Licence of the model: FLUX\.1 \[dev\] .*not for commercial use/m);
    expect(told).toMatch(/^kontext ok Plates: the nearest of Kontext's 17 sizes/m);
    expect(told).toMatch(
      /^kontext ok Parameters, as the file has them: strength \(1\), steps \(20\), guidance \(2\.5\)/m,
    );
  });

  test("warns of an old server that has all it takes, and lets it try", async () => {
    const workflows = { klein: file("flux2-klein-color-grade.json") };
    await using rig = await openRig({ workflows, notes: { klein: file("flux2-klein-color-grade.notes.json") } });
    expect(await levels(rig, use("klein"))).toMatch(/^klein warn ComfyUI is 0\.3\.64, workflow klein needs 0\.9\.2/m);
    expect(await rig.backend.preflight(use("klein"))).toEqual({ ready: true });
  });

  test("says what it guessed, and which markers mean nothing", async () => {
    const workflows = changed((graph) => {
      for (const node of Object.values(graph)) delete node._meta;
      delete graph["14"];
      delete graph["15"];
      graph["1"]!._meta = { title: "@imgae" };
    });
    await using rig = await openRig({ workflows });
    const told = await levels(rig, use("changed"));
    expect(told).toMatch(/warn The marker @imgae on node 1 is no slot: did you mean @image\?$/m);
    expect(told).toMatch(/warn Nobody marked @prompt; node 7 \(CLIPTextEncode\) is taken/);
    expect(told).toMatch(/warn Nobody marked @result; node 13 \(SaveImage\) is taken/);
  });

  test("says of each use of a workflow what is wrong with it, and of bad notes too", async () => {
    await using rig = await openRig({ notes: { small: "{}" } });
    const told = await levels(
      rig,
      use("small"),
      use("small", { params: { steps: 0 } }),
      use("small", { params: { x: 1 } }),
    );
    expect(told).toMatch(/^small ok It can run/m);
    expect(told).toMatch(/^small error Parameter steps/m);
    expect(told).toMatch(/^small error Workflow small exposes no parameter x/m);
    expect(told).toMatch(/^small warn The notes of workflow small cannot be used/m);
  });

  test("tells what the file alone shows where no server answers", async () => {
    await using rig = await openRig();
    await rig.server.close();
    const told = await levels(rig, use("small", { params: { x: 1 } }));
    expect(told).toMatch(/^- error /);
    expect(told).toMatch(/^small error .*exposes no parameter x/m);
  });

  test("tells how much memory is free", async () => {
    await using rig = await openRig();
    expect(await levels(rig)).toMatch(
      /^- ok ComfyUI 0\.3\.64 at http.*, on cpu: 22\.4 of 24\.0 GB memory free, loaded models take 1\.6 GB\.$/m,
    );
  });
});

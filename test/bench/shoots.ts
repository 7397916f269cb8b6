/**
 * What sharing a look is worth: 20 varied photos of a shoot, through the real program, from a model that never answers
 * twice alike. Prints GPU runs and how far the looks of neighbouring frames are apart, for `look: each` and `look: shoot`.
 *
 *   npm run bench:shoots [-- SCENE…]       SCENE is a sample, such as sunset.webp, or two of them, one after the other: a+b
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseCube } from "../../src/core/lut/cube.ts";
import { startComfyui } from "../support/comfyui.ts";
import { makeProject } from "../support/program.ts";
import { frame, lookDistance, moody } from "../support/shoot.ts";

const COUNT = 20;
const SCENES = process.argv.slice(2);
const names = Array.from({ length: COUNT }, (_, n) => `IMG_${100 + n}`);

type Figures = { readonly runs: number; readonly looks: number; readonly mean: number; readonly max: number };

async function measured(scene: string, keys: string): Promise<Figures> {
  await using comfyui = await startComfyui({ renderMs: 20, look: moody("warm") });
  const project = makeProject(`
backends: [{ name: gpu-1, kind: comfyui, url: "${comfyui.url}" }]
inboxes: [{ path: inbox, outbox: graded, settle: 200ms, order: name, ${keys} }]
`);
  try {
    mkdirSync(join(project.inbox, "wedding"));
    const photos = await Promise.all(
      names.map((_, n) => {
        const parts = scene.split("+");
        const part = parts[Math.floor((n * parts.length) / COUNT)]!;
        return frame(n, { scene: part, variety: 1, width: 900 });
      }),
    );
    for (const [n, name] of names.entries()) writeFileSync(join(project.inbox, `wedding/${name}.jpg`), photos[n]!);
    const { code, stderr } = await project.run("once");
    if (code !== 0) throw new Error(stderr);
    const texts = names.map((name) => readFileSync(join(project.outbox, `wedding/${name}.cube`), "utf8"));
    const cubes = texts.map((text) => parseCube(text).lattice);
    // Both looks on the same photo: what a viewer sees who goes from one frame to the next.
    const apart = await Promise.all(cubes.slice(1).map((cube, n) => lookDistance(cubes[n]!, cube, photos[n + 1]!)));
    return {
      runs: comfyui.renders.filter(({ inputName }) => !inputName.includes("/probe/")).length,
      looks: new Set(texts).size,
      mean: apart.reduce((sum, one) => sum + one, 0) / apart.length,
      max: Math.max(...apart),
    };
  } finally {
    project.remove();
  }
}

for (const scene of SCENES.length > 0
  ? SCENES
  : ["mountains.jpg", "dogs-rotated.jpg", "mountains.jpg+bowl-display-p3.jpg"]) {
  process.stdout.write(`\n${COUNT} frames of ${scene}\n`);
  process.stdout.write("                         GPU runs   looks   ΔE₀₀ between neighbours: mean    greatest\n");
  for (const keys of ["look: each", "look: shoot", "look: shoot, heroes: 3", "look: shoot, outsideMax: 0.5"]) {
    const { runs, looks, mean, max } = await measured(scene, keys);
    const cells = [
      String(runs).padStart(8),
      String(looks).padStart(7),
      mean.toFixed(2).padStart(30),
      max.toFixed(2).padStart(11),
    ];
    process.stdout.write(`${keys.padEnd(25)}${cells.join(" ")}\n`);
  }
}

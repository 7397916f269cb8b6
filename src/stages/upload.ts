/**
 * upload: cut the plate from the original and put it on a backend.
 * Safe to run twice: the plate's bytes depend on the original alone, and its name over there is its hash.
 */
import { framingFor } from "../core/job/finishing.ts";
import { done, wait } from "../core/job/job.ts";
import { frameFor } from "../core/workflow/framing.ts";
import { defineStage, workFile } from "./define.ts";
import { pictureOf } from "./developed.ts";
import { originalStands } from "./original.ts";

/** Photos that no backend can have are not claimed at all; it turned out, or changed, in between. */
const NO_BACKEND_WAIT_MS = 2_000;

export const uploadStage = defineStage({
  name: "upload",
  needs: [],
  attemptsMax: 5,
  async run(_facts, job, ports, attempting) {
    const { backends, clock, ledger, pictures } = ports;
    const stop = await originalStands(job, ports, attempting);
    if (stop) return stop;
    using chosen = await backends.choose(job, attempting.signal);
    const { backend, reason } = chosen;
    if (!backend) return wait({ afterMs: NO_BACKEND_WAIT_MS }, reason);

    const { original, pictureSha256, photo } = await pictureOf(job, ports, attempting);
    const { width, height } = photo;
    const rule = await backend.plateRule(job.recipe.workflow, job.recipe.slots);
    const frame = frameFor(rule, width, height, framingFor(job.recipe));
    const file = workFile(attempting, "plate.png");
    const { sha256, sizeBytes } = await pictures.plate({ original, pictureSha256, frame, to: file }, attempting.signal);

    const plate = `${job.id}-${sha256.slice(0, 16)}`;
    await ledger.plates.add({
      id: plate,
      job: job.id,
      file,
      sha256,
      sizeBytes,
      width: frame.width,
      height: frame.height,
      frame: JSON.stringify(frame),
    });
    const folder = `hotgrade/${new Date(job.createdAt).toISOString().slice(0, 10)}`;
    const name = await backend.put({ file, sha256, sizeBytes, folder }, attempting.signal);
    await ledger.plates.place(plate, backend.name, name, clock.now());
    return done({ backend: backend.name, plate });
  },
});

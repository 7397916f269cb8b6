/**
 * review: a proof for a person, and the hold that lasts until they have said.
 * Safe to run twice: the proof is made under a name of this attempt and then takes the place of an older one.
 */
import type { Facts, Job, Outcome } from "../core/job/job.ts";
import { proofJob, reviewReason } from "../core/job/review.ts";
import { finishNamed } from "../finishes/index.ts";
import type { Ports } from "../ports.ts";
import { type Attempting, workFile } from "./define.ts";
import { pictureOf } from "./developed.ts";

/** Held for a person; undefined when nobody asked to look, or somebody has. `learnt` is what this attempt found out. */
export async function heldForReview(
  job: Job,
  learnt: Facts,
  ports: Ports,
  attempting: Attempting,
): Promise<Outcome | undefined> {
  const facts = { ...job.facts, ...learnt };
  const { cube, ticket } = facts;
  if (!job.recipe.review || facts.reviewed || cube === undefined) return undefined;
  const picture = await pictureOf(job, ports, attempting);
  const temp = workFile(attempting, `.proof-${attempting.lease.slice(0, 8)}.tmp`);
  // One for each ticket, so that what was rejected can still be compared.
  const proof = workFile(attempting, ticket === undefined ? "proof.jpg" : `proof-${ticket.slice(0, 8)}.jpg`);
  await ports.files.discard(temp);
  try {
    await finishNamed(facts.finish ?? "lut").render({
      job: proofJob({ ...job, facts }, picture.photo),
      picture,
      cube,
      to: { to: temp, format: "jpeg" },
      ports,
      attempting,
    });
    await ports.files.replace(temp, proof);
  } finally {
    await ports.files.discard(temp);
  }
  return {
    kind: "hold",
    code: "review",
    reason: reviewReason(job),
    facts: { ...learnt, proof },
    // A look from another photo came without a backend: to ask for another one, it is sent to one first.
    retryFrom: job.recipe.look.kind === "kept" ? "write" : facts.backend === undefined ? "upload" : "queue",
  };
}

/**
 * fetch: bring the graded preview home from the backend.
 * Safe to run twice: the ticket is ours, so asking again gets the same picture.
 */
import { AppError } from "../core/errors.ts";
import type { PathText } from "../core/inbox/path-text.ts";
import { done, end, rewind, wait } from "../core/job/job.ts";
import type { PictureRef, Ports, Submission } from "../ports.ts";
import type { Ticket } from "../ports-ledger.ts";
import { type Attempting, defineStage, workFile } from "./define.ts";
import { submissionOf } from "./submission.ts";

/** How long until we ask again by ourselves; the backend's nudges make it sooner. */
const POLL_MS = 1_500;

export const fetchStage = defineStage({
  name: "fetch",
  needs: ["backend", "ticket"],
  attemptsMax: 5,
  async run({ backend: name, ticket: id }, job, ports, attempting) {
    const { backends, clock, ledger } = ports;
    const backend = backends.get(name);
    const ticket = await ledger.tickets.get(id);
    if (!ticket) throw new AppError("internal", `Ticket ${id} is not in the ledger.`);
    const submission = await submissionOf(job, ticket, ports);
    const ended = (state: "finished" | "lost" | "cancelled") => ledger.tickets.mark(id, state, clock.now());

    const seen = await backend.progress(submission, attempting.signal);
    switch (seen.kind) {
      case "pending":
      case "running":
        if (ticket.state === "posted") await ledger.tickets.mark(id, "seen", clock.now());
        return wait(
          { afterMs: POLL_MS },
          seen.kind === "pending" ? `${name}: ${seen.ahead} ahead` : `${name}: running`,
        );
      case "unknown":
        await ended("lost");
        return rewind("queue", "backend-lost", `${name} no longer knows ticket ${id}.`);
      case "cancelled":
        await ended("cancelled");
        return end("cancelled", "backend-cancelled", seen.message);
      case "failed": {
        await ended("finished");
        const error = new AppError(seen.code, seen.message, { ticket: id });
        if (!error.retry) throw error;
        return rewind("queue", seen.code, seen.message);
      }
      case "finished": {
        const facts = await bringHome(seen.pictures, submission, ticket, ports, attempting);
        await ended("finished");
        return done({ ...facts, rounding: await roundingOf(name, ports, attempting) });
      }
    }
  },
});

/** How this backend turns floats into bytes: found out once, then kept in the ledger. */
async function roundingOf(name: string, { backends, clock, ledger }: Ports, attempting: Attempting) {
  const known = await ledger.switches.get(`rounding:${name}`);
  if (known === "rounded" || known === "truncated") return known;
  const rounding = await backends.get(name).rounding(attempting.signal);
  await ledger.switches.set(`rounding:${name}`, rounding, clock.now());
  return rounding;
}

async function bringHome(
  pictures: readonly PictureRef[],
  submission: Submission,
  ticket: Ticket,
  { backends, clock, files, ledger, pictures: pixels }: Ports,
  attempting: Attempting,
): Promise<{ preview: PathText; baseline?: PathText }> {
  const backend = backends.get(ticket.backend);
  const bring = async (ref: PictureRef, file: PathText): Promise<PathText> => {
    await backend.picture(submission, ref, file, attempting.signal);
    await pixels.prove(file, submission.plate, attempting.signal);
    await ledger.tickets.result(ticket.id, ref.slot, file, await files.sha256(file), clock.now());
    return file;
  };
  const result = pictures.find(({ slot }) => slot === "result");
  if (!result) throw new AppError("backend-failed", `${ticket.backend} finished without a picture for @result.`);
  const preview = await bring(result, workFile(attempting, "preview.png"));
  const baseline = pictures.find(({ slot }) => slot === "baseline");
  return baseline ? { preview, baseline: await bring(baseline, workFile(attempting, "baseline.png")) } : { preview };
}

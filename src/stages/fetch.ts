/**
 * fetch: bring the graded preview home from the backend.
 * Safe to run twice: the ticket is ours, so asking again gets the same picture.
 */
import { doubtsOf, isBlank } from "../core/answer/judge.ts";
import { AppError, asAppError } from "../core/errors.ts";
import type { PathText } from "../core/inbox/path-text.ts";
import { done, type Facts, goOn, type Job, rewind, wait } from "../core/job/job.ts";
import { type JobProgress, leftInQueue } from "../core/job/progress.ts";
import type { PictureRef, Ports, Progress, Submission } from "../ports.ts";
import type { Ticket } from "../ports-ledger.ts";
import { type Attempting, defineStage, workFile } from "./define.ts";
import { hasOther, tryElsewhere } from "./elsewhere.ts";
import { submissionOf } from "./submission.ts";

/** How long until we ask again by ourselves, where the backend does not know better; its nudges make it sooner. */
const POLL_MS = 1_500;

/** A backend that loses more prompts of one photo than this is two behind one address, or never keeps any. */
const LOST_MAX = 20;

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

    const known = await onRecord(ticket, ports);
    let seen: Progress;
    try {
      seen = known ?? (await backend.progress(submission, attempting.signal));
    } catch (thrown) {
      const { code, data, message } = asAppError(thrown);
      // It hangs with this very photo in its hands, which is tried elsewhere, but not for ever.
      const hangsWithIt = code === "backend-stuck" && data.ticket === id;
      if (hangsWithIt && (await hasOther(job, name, ports, attempting))) return rewind("upload", code, message);
      throw thrown;
    }
    switch (seen.kind) {
      case "pending":
      case "running":
        if (ticket.state === "posted") await ledger.tickets.mark(id, "seen", clock.now());
        await ledger.progress.put(
          { job: job.id, ticket: id, ...shown(seen, submission.usual?.medianMs ?? null) },
          clock.now(),
        );
        return wait(
          { afterMs: seen.againMs ?? POLL_MS },
          seen.kind === "pending" ? `${name}: ${seen.ahead} ahead` : `${name}: running`,
        );
      case "unknown": {
        await ended("lost");
        const reason = `${name} no longer knows ticket ${id}.`;
        // One that only waited there is not at fault, however often the server restarts; up to a bound.
        const isInnocent = !seen.ran && (await lostBefore(job, ports)) <= LOST_MAX;
        return isInnocent ? goOn("queue", reason) : rewind("queue", "backend-lost", reason);
      }
      case "cancelled":
        // Not by us: what we cancel has no fetch any more. Whoever interrupts all that runs did not mean this photo.
        await ended("cancelled");
        return rewind("queue", "backend-cancelled", seen.message);
      case "failed": {
        await ended("finished");
        const error = new AppError(seen.code, seen.message, { ticket: id });
        if (!error.retry) throw error;
        return tryElsewhere(job, name, seen.code, seen.message, ports, attempting);
      }
      case "finished": {
        // The probe of its rounding takes the place that this prompt still holds.
        const rounding = await roundingOf(name, ports, attempting);
        // From here on it is free: the next prompt must not wait until this picture is home.
        await ended("finished");
        if (ticket.state !== "finished" && seen.ranMs !== null)
          await ledger.runs.add({ backend: name, workflow: job.recipe.workflow, ms: seen.ranMs }, clock.now());
        const home = await bringHome(seen.pictures, known !== undefined, submission, ticket, ports, attempting);
        if ("blank" in home) return tryElsewhere(job, name, "picture-constant", home.blank, ports, attempting);
        const { doubts, ...facts } = home;
        const notes = [...(job.facts.notes ?? []), ...doubts];
        return done({ ...facts, notes, rounding });
      }
    }
  },
});

/** How many tickets of this job its backends have lost. */
async function lostBefore(job: Job, { ledger }: Ports): Promise<number> {
  return (await ledger.tickets.ofJob(job.id)).filter(({ state }) => state === "lost").length;
}

/** How far it is, for people. */
function shown(
  seen: Extract<Progress, { kind: "pending" | "running" }>,
  usualMs: number | null,
): Pick<JobProgress, "phase" | "percent" | "ahead" | "leftMs"> {
  if (seen.kind === "pending")
    return { phase: "queued", percent: 0, ahead: seen.ahead, leftMs: leftInQueue(seen.ahead, usualMs) };
  return { phase: "running", percent: Math.floor(100 * (seen.fraction ?? 0)), ahead: null, leftMs: seen.leftMs };
}

/** How this backend turns floats into bytes: found out once, then kept in the ledger. */
async function roundingOf(name: string, { backends, clock, ledger }: Ports, attempting: Attempting) {
  const known = await ledger.switches.get(`rounding:${name}`);
  if (known === "rounded" || known === "truncated") return known;
  const rounding = await backends.get(name).rounding(attempting.signal);
  await ledger.switches.set(`rounding:${name}`, rounding, clock.now());
  return rounding;
}

type Home = Pick<Facts, "factor" | "baseline"> & { readonly preview: PathText; readonly doubts: readonly string[] };

/**
 * The pictures of an attempt that was killed before it could say so. Its backend may have been told to forget the ticket since:
 * what was brought home needs nobody's history.
 */
async function onRecord(
  ticket: Ticket,
  { files, ledger }: Ports,
): Promise<(Progress & { kind: "finished" }) | undefined> {
  if (ticket.state !== "finished") return undefined;
  const pictures: PictureRef[] = [];
  for (const { slot, file, sha256 } of await ledger.tickets.results(ticket.id)) {
    if (slot !== "result" && slot !== "baseline") continue;
    if (!(await files.stat(file)) || (await files.sha256(file)) !== sha256) return undefined;
    pictures.push({ slot, name: slot });
  }
  return pictures.some(({ slot }) => slot === "result") ? { kind: "finished", pictures, ranMs: null } : undefined;
}

/** What came back, proved and on record; or why it is no answer at all. `isHere`: it was brought home before. */
async function bringHome(
  refs: readonly PictureRef[],
  isHere: boolean,
  submission: Submission,
  ticket: Ticket,
  { backends, clock, files, ledger, log, pictures }: Ports,
  attempting: Attempting,
): Promise<Home | { readonly blank: string }> {
  const backend = backends.get(ticket.backend);
  const { file: plate, width, height } = submission.plate;
  const { signal } = attempting;
  const keep = async ({ slot }: PictureRef, file: PathText): Promise<PathText> => {
    await ledger.tickets.result(ticket.id, slot, file, await files.sha256(file), clock.now());
    return file;
  };
  const [result, baseline] = (["result", "baseline"] as const).map((slot) => refs.find((ref) => ref.slot === slot));
  if (!result) throw new AppError("backend-failed", `${ticket.backend} finished without a picture for @result.`);

  const preview = workFile(attempting, "preview.png");
  if (!isHere) await backend.picture(submission, result, preview, signal);
  // What the builtin backend paints is what its words say; what it did not understand it says by itself.
  const beside = backend.kind === "builtin" ? {} : { plate };
  const { factor, comparison } = await pictures.prove({ file: preview, size: { width, height }, ...beside }, signal);
  if (comparison && isBlank(comparison))
    return { blank: `${ticket.backend} gave back a picture of one colour for a photo of many.` };
  const doubts = comparison ? doubtsOf(comparison, ticket.backend) : [];
  if (doubts.length > 0) log.warn({ job: ticket.job, ticket: ticket.id, doubts }, "answer is doubtful");
  const known = workFile(attempting, "baseline.png");
  if (baseline) {
    if (!isHere) await backend.picture(submission, baseline, known, signal);
    await pictures.prove({ file: known, size: { width, height } }, signal);
    await keep(baseline, known);
  }
  // Last, since a ticket whose result is on record is complete.
  await keep(result, preview);
  return { preview, doubts, ...(factor > 1 && { factor }), ...(baseline && { baseline: known }) };
}

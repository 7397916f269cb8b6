/**
 * queue: take a place on the backend, store the ticket, then send the prompt.
 * Safe to run twice: a ticket that may have been sent is looked for before another one is made.
 */
import { asAppError, type ErrorCode } from "../core/errors.ts";
import { done, goOn, type Job, rewind, wait } from "../core/job/job.ts";
import type { Backend, Ports } from "../ports.ts";
import type { Ticket } from "../ports-ledger.ts";
import { type Attempting, defineStage } from "./define.ts";
import { hasOther, tryElsewhere } from "./elsewhere.ts";
import { submissionOf } from "./submission.ts";

export const queueStage = defineStage({
  name: "queue",
  needs: ["backend", "plate"],
  attemptsMax: 5,
  async run({ backend: name, plate }, job, ports, attempting) {
    const { backends, clock, ids, ledger } = ports;
    const backend = backends.get(name);
    const known = await alreadySent(job, ports, attempting);
    const notes = backend.remarks(job.recipe.prompt);
    if (known) return done({ ticket: known.id, notes });

    const now = clock.now();
    const id = ids.uuid();
    const prefix = `hotgrade/${new Date(now).toISOString().slice(0, 10)}/${id}`;
    const seed = seedOf(job, ids.seed());
    const wanted = { id, job: job.id, plate, backend: name, seed, prefix, createdAt: now };
    const ticket =
      (await ledger.tickets.reserve(wanted, backend.depth)) ??
      (await insteadOfAnother(wanted, job, backend, ports, attempting));
    if (!ticket) return wait({ on: `place:${name}` }, `${name} has ${backend.depth} prompts already`);

    try {
      await backend.submit(await submissionOf(job, ticket, ports), attempting.signal);
    } catch (thrown) {
      const error = asAppError(thrown);
      // Not taken for certain: the place is free again. After any doubt the ticket stays, to be looked for.
      if (error.data.unsure === false || REFUSED.includes(error.code))
        await ledger.tickets.mark(id, "cancelled", clock.now());
      if (error.data.plateMissing === true) return rewind("upload", error.code, error.message);
      if (error.code === "backend-rejected" && !(await backends.isAble(name, job.recipe, attempting.signal)))
        return goOn("upload", error.message);
      if (error.code === "backend-rejected" && (await hasOther(job, name, ports, attempting)))
        return tryElsewhere(job, name, error.code, error.message, ports, attempting);
      throw error;
    }
    // Cancelled while it was on its way: it must not render for nobody.
    if (!(await ledger.tickets.mark(id, "posted", clock.now()))) await backend.cancel(id, attempting.signal);
    return done({ ticket: id, notes });
  },
});

const REFUSED: readonly ErrorCode[] = ["backend-rejected", "workflow-missing", "workflow-invalid"];

/** A ticket of an earlier attempt that the backend turns out to have; one it does not have is marked lost. */
async function alreadySent(job: Job, ports: Ports, attempting: Attempting): Promise<Ticket | undefined> {
  const { backends, clock, ledger } = ports;
  for (const ticket of await ledger.tickets.ofJob(job.id)) {
    if (ticket.state !== "reserved" && ticket.state !== "posted" && ticket.state !== "seen") continue;
    // On another backend it is no longer waited for: the sweep ends it there.
    if (ticket.backend !== job.facts.backend) continue;
    const backend = backends.get(ticket.backend);
    const { kind } = await backend.progress(await submissionOf(job, ticket, ports), attempting.signal);
    await ledger.tickets.mark(ticket.id, kind === "unknown" ? "lost" : "seen", clock.now());
    if (kind !== "unknown") return ticket;
  }
  return undefined;
}

/** Takes back the last prompt of a lower priority that still waits on this backend, and has its place; undefined when there is none. */
async function insteadOfAnother(
  wanted: Omit<Ticket, "state">,
  job: Job,
  backend: Backend,
  { ledger }: Ports,
  attempting: Attempting,
): Promise<Ticket | undefined> {
  for (const ticket of await ledger.tickets.live(backend.name)) {
    if (ticket.priority >= job.priority) return undefined;
    if ((await backend.withdraw(ticket.id, attempting.signal)) === "kept") continue;
    return ledger.tickets.reserve(wanted, backend.depth, ticket.id);
  }
  return undefined;
}

/** A random seed, the recipe's own, or one that depends on the picture alone. */
function seedOf(job: Job, random: number): number {
  const { seed } = job.recipe;
  if (seed === "random") return random;
  return seed === "from-content" ? Number.parseInt(job.pictureSha256.slice(0, 12), 16) : seed;
}

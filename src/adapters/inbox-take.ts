/** The last steps of a candidate: reading its ending, waiting for its folder's recipe, handing it to intake. */
import { asAppError } from "../core/errors.ts";
import { endingOf } from "../core/inbox/endings.ts";
import { inOrder } from "../core/inbox/order.ts";
import { joinPath } from "../core/inbox/path-text.ts";
import { decide, type SettleLimits, withEnding } from "../core/inbox/settle.ts";
import type { InboxEvents, InboxOptions, Log, Settled } from "../ports.ts";
import { type Book, type Entry, isAnswered, pathOf } from "./inbox-book.ts";
import { type Disk, eachOf } from "./inbox-disk.ts";
import type { Holds } from "./inbox-holds.ts";
import type { Pairing } from "./inbox-pairs.ts";

export type Taking = {
  readonly options: Omit<InboxOptions, "known">;
  readonly limits: SettleLimits;
  readonly book: Book;
  readonly disk: Disk;
  readonly holds: Holds;
  readonly pairing: Pairing;
  readonly log: Log;
  readonly settled: InboxEvents["settled"];
  now(): number;
  isStopped(): boolean;
  /** Tells the ledger what changed so far. */
  report(): Promise<void>;
};

/** Files with intake at once; each is read whole there. */
const TAKES_AT_ONCE = 4;
/** Answers kept back before the ledger hears of them. */
const REPORT_EVERY = 200;
/** Hand-ins that throw before a file stops counting as settling; it is tried again, ever more rarely. */
export const FAILURES_MAX = 3;

/** Takes every candidate that is ready, in order. Gives how many intake answered for. */
export async function takeReady(taking: Taking): Promise<number> {
  const { book, limits } = taking;
  const at = taking.now();
  const due = [...book.candidates].filter(
    (entry) =>
      entry.settling !== null && !entry.parked && entry.retryAt <= at && decide(entry.settling, at, limits) !== "wait",
  );
  const aged = (entry: Entry) => ({ path: pathOf(entry), mtimeNs: entry.signature.mtimeNs });
  const ready = inOrder(due, taking.options.order, aged);
  let taken = 0;
  let before: Promise<void> = Promise.resolve();
  await eachOf(ready, TAKES_AT_ONCE, async (entry) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const turn: Turn = { before, pass: resolve };
    before = promise;
    try {
      if (!taking.isStopped() && (await take(entry, turn, taking))) taken++;
    } catch (thrown) {
      putOff(entry, thrown, taking);
    } finally {
      void turn.before.then(turn.pass);
    }
    if (book.changes() >= REPORT_EVERY) await taking.report();
  });
  return taken;
}

/** Files are read side by side, and come into the ledger one after the other in their order. */
type Turn = { readonly before: Promise<void>; pass(): void };

async function take(entry: Entry, turn: Turn, taking: Taking): Promise<boolean> {
  const { book, disk, limits } = taking;
  const path = pathOf(entry);
  const absolute = joinPath(taking.options.root, path);
  let state = entry.settling!;
  let decision = decide(state, taking.now(), limits);
  if (decision === "read-ending") {
    const ending = await disk.reading(absolute, (read) => endingOf(read, state.sizeBytes));
    state = withEnding(state, ending.kind, taking.now());
    entry.settling = state;
    entry.endingReason = ending.reason;
    decision = decide(state, taking.now(), limits);
  }
  switch (decision) {
    case "wait":
    case "read-ending":
      return false;
    case "truncated":
      book.set(entry, "truncated", "file-truncated", sentence(entry.endingReason ?? "the file is empty"));
      return false;
    case "accept":
      break;
  }
  const file = (): Settled => ({ path, absolute, signature: entry.signature });
  const role = await taking.pairing.role(entry, file());
  if (role === "wait") return false;
  if (role !== "take") {
    book.answer(entry, role);
    return true;
  }
  if (await taking.holds.isHeld(entry.folder.path)) return false;
  // It may have changed while others were taken: a last look, and the next scan starts over when it has.
  const seen = await disk.stat(absolute);
  if (seen?.kind !== "file") return false;
  book.observe(entry, seen, taking.now());
  if (entry.settling?.signature !== state.signature) return false;
  const answer = await taking.settled(file(), turn.before);
  if (answer.state === "settling" || answer.state === "truncated") {
    book.set(entry, answer.state, answer.code, answer.message);
    later(entry, taking);
    return false;
  }
  book.answer(entry, answer);
  return true;
}

/** A hand-in that threw is no verdict on the file: it is tried again, later each time. */
function putOff(entry: Entry, thrown: unknown, taking: Taking): void {
  const { options, log, book } = taking;
  const failure = asAppError(thrown);
  later(entry, taking);
  const fields = { inbox: options.root, path: pathOf(entry), code: failure.code, err: failure };
  if (entry.failures >= FAILURES_MAX) log.error(fields, "file cannot be taken");
  else log.warn(fields, "file could not be taken, trying again");
  if (!isAnswered(entry)) book.set(entry, entry.state, failure.code, failure.message);
}

/** Each time it is read whole: after longer and longer pauses, and a single pass does not wait for it for ever. */
function later(entry: Entry, { options, now }: Taking): void {
  entry.failures++;
  entry.retryAt = now() + Math.min(options.rescanMs, options.settleMs * 2 ** (entry.failures - 1));
}

const sentence = (reason: string): string => `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`;

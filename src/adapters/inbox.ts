/**
 * A watched folder. Looks decide, events only nudge: whatever the system fails to report, the next scan sees.
 *
 *     full look (every rescanMs)      lists all folders ─┐
 *     nudged look (a folder changed)  lists that folder ─┼─▶ stat candidates and what is due ─▶ take what has settled
 *     candidate look (settleMs / 2)   lists nothing ─────┘
 */
import { UNPROVEN_FACTOR } from "../core/inbox/settle.ts";
import type { Clock, Inbox, InboxEvents, InboxOptions, Log } from "../ports.ts";
import { type Book, openBook } from "./inbox-book.ts";
import { type Disk, systemDisk } from "./inbox-disk.ts";
import { openLooks } from "./inbox-look.ts";
import { openNudges } from "./inbox-nudges.ts";
import type { watchFolders } from "./inbox-watch.ts";

export type InboxPorts = {
  readonly clock: Clock;
  readonly log: Log;
  /** Milliseconds that never jump, for the quiet time of files; left out, the clock's. */
  readonly monotonic?: (() => number) | undefined;
  /** Left out, the real one. */
  readonly disk?: Disk | undefined;
  readonly watch?: typeof watchFolders | undefined;
  /** Called once, when all that was there has been seen and the watch stands: the work of the start is over. */
  readonly started?: (() => void) | undefined;
};

/** Quiet time after which an incomplete file is shown as truncated. */
const TRUNCATED_MS = 60_000;
/** While the root is away it is looked for this often. */
const ROOT_AWAY_MS = 5_000;
/** Looks that nudges ask for are at least so far apart. */
const NUDGE_GAP_MS = 250;

export function openInbox({ known, ...options }: InboxOptions, events: InboxEvents, ports: InboxPorts): Inbox {
  return openScanner(options, openBook(known), events, ports);
}

/** What was known is in the book: 100,000 sightings are not kept beside it. */
function openScanner(options: Omit<InboxOptions, "known">, book: Book, events: InboxEvents, ports: InboxPorts): Inbox {
  const { clock, log, disk = systemDisk } = ports;
  const now = ports.monotonic ?? (() => clock.now());
  const unprovenMs = options.settleMs * UNPROVEN_FACTOR;
  const stopping = new AbortController();
  const isStopped = (): boolean => stopping.signal.aborted;
  let loop: Promise<void> | undefined;
  let tail: Promise<unknown> = Promise.resolve();
  let wake = new AbortController();

  const looks = openLooks(options, book, events, {
    disk,
    log,
    now,
    isStopped,
    // A single pass must end: without the loop, an incomplete file is shown as soon as every other one would be taken.
    truncatedMs: () => (loop ? Math.max(TRUNCATED_MS, unprovenMs) : unprovenMs),
  });
  const nudges = openNudges(options, {
    disk,
    log,
    watch: ports.watch,
    told: events.watched,
    stands: book.doubt,
    wake() {
      if (!wake.signal.aborted) wake.abort(); // thousands of nudges, one waking
    },
  });

  /** Looks run one after the other, whoever asks. */
  function inTurn<T>(look: () => Promise<T>): Promise<T> {
    const mine = tail.then(look);
    tail = mine.catch(() => undefined);
    return mine;
  }

  /** Sleeps until a time, a nudge or the stop; never shorter than the gap, so that an ever-changing folder cannot spin it. */
  async function pause(until: number): Promise<void> {
    await clock.sleep(Math.min(NUDGE_GAP_MS, options.settleMs / 4), stopping.signal);
    if (isStopped() || nudges.isPending()) return;
    wake = new AbortController();
    await clock.sleep(Math.max(0, until - now()), wake.signal);
  }

  function fullLookDone(count: number, ms: number): void {
    if (count === 1) log.info({ inbox: options.root, ms: Math.round(ms) }, "first look done");
    // The watch asks for one more look when it stands.
    if (count === 2) ports.started?.();
  }
  const rescanMs = (): number => (nudges.isOnShare() ? (options.shareRescanMs ?? options.rescanMs) : options.rescanMs);

  async function run(): Promise<void> {
    let fullAt = Number.NEGATIVE_INFINITY;
    let fullLooks = 0;
    const startedAt = now();
    while (!isStopped()) {
      const isFull = now() >= fullAt;
      try {
        const { names, isAll } = nudges.take();
        const look = isFull || isAll ? looks.everything : looks.some;
        const { rootId } = await inTurn(() => look(names));
        await nudges.follow(rootId);
        if (look === looks.everything && rootId !== null) fullLookDone(++fullLooks, now() - startedAt);
        if (isFull || rootId === null)
          fullAt = now() + (rootId === null ? Math.min(ROOT_AWAY_MS, rescanMs()) : rescanMs());
      } catch (thrown) {
        log.error({ inbox: options.root, err: thrown }, "scan failed");
        fullAt = now() + rescanMs();
      }
      await pause(looks.isWaiting() ? Math.min(fullAt, now() + options.settleMs / 2) : fullAt);
    }
  }

  return {
    async scan() {
      const { settling, rootId } = await inTurn(() => looks.everything());
      return { settling, isAway: rootId === null };
    },
    start() {
      loop ??= run();
    },
    async stop() {
      stopping.abort();
      wake.abort();
      await loop;
      await tail;
      await nudges.close();
    },
  };
}

/**
 * RAW and JPEG pairs among the files of an inbox: which half is handed in, which waits, which belongs to the other.
 * Decided from the book and the ledger alone, so that a restart decides the same.
 */
import {
  belongsTo,
  type HalfKind,
  halfOf,
  type Mate,
  ownerIn,
  type PairRole,
  pairKey,
  pairRole,
} from "../core/inbox/pairs.ts";
import { joinPath, type PathText } from "../core/inbox/path-text.ts";
import type { Settled, Sighting } from "../ports.ts";
import type { PairOptions } from "../ports-pairs.ts";
import type { Book, Entry } from "./inbox-book.ts";

/** Halves of a folder by what they share of their names. */
export type Halves = Map<string, Entry[]>;

export function addHalf(halves: Halves, entry: Entry): void {
  if (halfOf(entry.name) === undefined) return;
  const key = pairKey(entry.name);
  const same = halves.get(key);
  if (same) same.push(entry);
  else halves.set(key, [entry]);
}

export function removeHalf(halves: Halves, entry: Entry): void {
  if (halfOf(entry.name) === undefined) return;
  const key = pairKey(entry.name);
  const left = (halves.get(key) ?? []).filter((each) => each !== entry);
  if (left.length > 0) halves.set(key, left);
  else halves.delete(key);
}

type Answer = Pick<Sighting, "state" | "code" | "message">;

const belonging = (owner: PathText): Answer => ({ state: "ignored", code: null, message: belongsTo(owner) });

export type Pairing = {
  /** A look begins: what was asked of the ledger is asked again. A full one opens again what lost its other half. */
  begin(isFull: boolean): Promise<void>;
  /** Of a settled file: it is taken, it waits for another look, or the answer is known. */
  role(entry: Entry, file: Settled): Promise<"take" | "wait" | Answer>;
};

export function openPairing(options: PairOptions | undefined, book: Book, now: () => number): Pairing {
  if (!options) return { begin: async () => {}, role: async () => "take" };
  const { rule, waitMs } = options;
  /** Since when a half is ready, as long as it stays the same. */
  const readySince = new WeakMap<Entry, { readonly signature: string; readonly at: number }>();
  let asked: Promise<ReadonlySet<PathText>> | undefined;
  const lost = (): Promise<ReadonlySet<PathText>> => {
    asked ??= options.lost().then((paths) => new Set(paths));
    return asked;
  };

  async function mateOf(entry: Entry, kind: HalfKind): Promise<Mate | undefined> {
    const mate = (state: Mate["state"]): Mate => ({ name: entry.name, kind, state });
    if (entry.blocked || entry.parked) return undefined;
    switch (entry.state) {
      case "settling":
        // One that cannot be handed in must not keep its half waiting for ever.
        return mate(entry.failures > 0 ? "incomplete" : "coming");
      case "truncated":
        return mate("incomplete");
      case "taken":
        return mate((await lost()).has(joinPath(entry.folder.path, entry.name)) ? "lost" : "graded");
      case "refused":
        return mate("lost");
      case "ignored":
        return ownerIn(entry.message) === undefined ? undefined : mate("belongs");
      case "own":
        return undefined;
    }
  }

  function waitedMs(entry: Entry): number {
    const signature = entry.settling?.signature ?? "";
    const known = readySince.get(entry);
    if (known?.signature === signature) return now() - known.at;
    readySince.set(entry, { signature, at: now() });
    return 0;
  }

  return {
    async begin(isFull) {
      asked = undefined;
      if (!isFull) return;
      const gone = await lost();
      if (gone.size === 0) return;
      for (const entry of book.entries()) {
        const owner = entry.state === "ignored" ? ownerIn(entry.message) : undefined;
        if (owner !== undefined && gone.has(joinPath(entry.folder.path, owner))) book.reopen(entry);
      }
    },

    async role(entry, file) {
      const kind = halfOf(entry.name);
      if (kind === undefined) return "take";
      const mates: Mate[] = [];
      for (const other of entry.folder.halves.get(pairKey(entry.name)) ?? []) {
        const mate = other === entry ? undefined : await mateOf(other, halfOf(other.name)!);
        if (mate) mates.push(mate);
      }
      const owner = mates.length === 0 ? await options.owner(file) : undefined;
      if (owner !== undefined) return belonging(owner);
      const role: PairRole = pairRole(kind, mates, { rule, waitMs, waitedMs: waitedMs(entry) });
      if (role.kind !== "belongs") return role.kind;
      if (await options.isOwn(joinPath(entry.folder.path, entry.name))) return "take";
      return belonging(role.to);
    },
  };
}

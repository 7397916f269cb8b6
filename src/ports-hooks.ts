/** Telling others: the Hooks port, and what the ledger keeps of it. Types only. */
import type { HookTarget, Wanted } from "./core/config/hooks.ts";
import type { HookEvent, HookNews } from "./core/job/hook-body.ts";

export type Delivery = HookNews & {
  /** "" for photos without one. */
  readonly inbox: string;
  readonly job: string | null;
  /** Failed ones so far. */
  readonly attempts: number;
};

/** A hook that was not told of something since it last was. */
export type HookTrouble = {
  readonly inbox: string;
  readonly event: HookEvent;
  /** Not told yet, after a failure. */
  readonly waiting: number;
  /** Never to be told. */
  readonly givenUp: number;
  readonly reason: string;
};

export type Deliveries = {
  /** From now on these outcomes are kept for telling, and no others; what waits and nobody wants any more is given up. */
  want(wanted: readonly Wanted[], now: number): Promise<void>;
  /** What of these is due, the oldest first, of each job its first alone; without those in `except`. */
  due(of: readonly Wanted[], now: number, limit: number, except: readonly string[]): Promise<readonly Delivery[]>;
  delivered(id: string, now: number): Promise<void>;
  /** Tried again from `dueAt` on; null: never. */
  failed(id: string, reason: string, dueAt: number | null, now: number): Promise<void>;
  troubles(): Promise<readonly HookTrouble[]>;
  /** Deletes those that ended before this time. */
  forget(before: number): Promise<void>;
};

/** What became of telling it once. `again`: it may go better later, after `afterMs` at least. */
export type HookAnswer =
  | { readonly kind: "told"; readonly said: string }
  | {
      readonly kind: "failed";
      readonly reason: string;
      readonly said: string;
      readonly again: boolean;
      readonly afterMs?: number;
    };

export type Hooks = {
  /** Never throws for what the other side does. Throws the signal's reason. */
  tell(
    target: HookTarget,
    document: string,
    news: Pick<HookNews, "id" | "event">,
    signal: AbortSignal,
  ): Promise<HookAnswer>;
};

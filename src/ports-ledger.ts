/** The Ledger port: where every photo stands. Types only; one implementation in adapters/sqlite. */

import type { PathText } from "./core/inbox/path-text.ts";
import type { Claimed, Duplicates, Facts, FinishName, Job, Stage, Status } from "./core/job/job.ts";
import type { Attempt, Ticket, TicketState } from "./core/job/journal.ts";
import type { JobProgress } from "./core/job/progress.ts";
import type { NextState } from "./core/job/transition.ts";
import type { Sighting } from "./ports.ts";
import type { Batches } from "./ports-batches.ts";
import type { Copies } from "./ports-copies.ts";
import type { Deliveries } from "./ports-hooks.ts";
import type { Housekeeping } from "./ports-housekeeping.ts";
import type { Looks, Shoots, ShootWanted } from "./ports-looks.ts";
import type { Outputs } from "./ports-outputs.ts";
import type { Pairs } from "./ports-pairs.ts";
import type { LiveTicket, Servers, Unable, Usual } from "./ports-pool.ts";
import type { ScaleLedger } from "./ports-scale.ts";

export type NewJob = Pick<
  Job,
  | "id"
  | "origin"
  | "inbox"
  | "path"
  | "original"
  | "pictureSha256"
  | "contentSha256"
  | "recipe"
  | "recipeHash"
  | "stage"
  | "facts"
  | "priority"
> & {
  /** What becomes of a picture that lies in the inbox under another name too. */
  readonly duplicates: Duplicates;
  /** A caller's own key: a second add with the same key gives the first job. */
  readonly idempotencyKey: string | null;
  /** The shoot it joins, or opens. */
  readonly shoot: ShootWanted | null;
  /** Among jobs of its priority the smallest goes first; left out, 0. */
  readonly turn?: number;
};

/** What the next generation of a job has of its own. */
export type Regrade = Pick<NewJob, "id" | "recipe" | "recipeHash" | "stage" | "facts" | "shoot" | "duplicates">;

export type ClaimRequest = {
  readonly stages: readonly Stage[];
  /** At queue and fetch the job's backend must be one of these, at upload one of those that may serve it. */
  readonly backends: readonly string[];
  /** All that are configured: a job at upload that none of them may serve is claimed too, to fail with a reason. */
  readonly known: readonly string[];
  /** Backends that cannot run a workflow, by `abilityKey`: a job at upload goes to none of these. */
  readonly unable: readonly Unable[];
  /** At upload only jobs of a higher priority than this. */
  readonly above?: number;
  readonly limit: number;
  readonly now: number;
  readonly until: number;
  /** Instance of the daemon that claims. */
  readonly owner: string;
  /** One fresh token for each job that may come back; `limit` of them. */
  readonly leases: readonly string[];
  /** Only these jobs, when given (`once` and `grade` beside no daemon). */
  readonly only?: readonly string[];
};

export type { Attempt, AttemptKind, Ticket, TicketState } from "./core/job/journal.ts";
export type * from "./ports-looks.ts";
export type * from "./ports-outputs.ts";
export type * from "./ports-pool.ts";

export type Plate = {
  readonly id: string;
  readonly job: string;
  readonly file: PathText;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly width: number;
  readonly height: number;
  /** The frame as JSON. */
  readonly frame: string;
};

export type JobQuery = {
  /** These jobs; everything else is then left out of account. */
  readonly ids?: readonly string[];
  readonly inbox?: PathText;
  readonly statuses?: readonly Status[];
  /** Jobs of any path that begins so; for people who type the start of an id. */
  readonly idPrefix?: string;
  readonly limit?: number;
};

export type Count = {
  readonly inbox: PathText | null;
  readonly stage: Stage;
  readonly status: Status;
  readonly verdict: string | null;
  readonly count: number;
};

export type LedgerEvent = {
  readonly id: number;
  readonly at: number;
  readonly job: string | null;
  readonly kind: string;
  readonly data: Readonly<Record<string, unknown>>;
};

export type DaemonRow = {
  readonly instance: string;
  readonly pid: number;
  readonly host: string;
  readonly startedAt: number;
  readonly seenAt: number;
  readonly loopDelayMaxMs: number;
};

export type Ledger = {
  readonly jobs: {
    /**
     * Adds a job, or gives the one that has this identity (inbox, path, picture) or idempotency key already. A known one
     * that ended because its file was away or was another for a while goes on from the start.
     */
    add(job: NewJob, now: number): Promise<{ readonly job: Job; readonly isNew: boolean }>;
    /** A copy of an ended job as the next generation, with another recipe. Undefined when a newer one exists. */
    regrade(id: string, as: Regrade, now: number): Promise<Job | undefined>;
    get(id: string): Promise<Job | undefined>;
    /** Its number among the photos of its inbox, from 1, in the order they came. */
    ordinal(id: string): Promise<number>;
    /** The original lies there again: a failed job goes on from where it failed. */
    broughtBack(id: string, original: PathText, now: number): Promise<void>;
    find(query: JobQuery): Promise<readonly Job[]>;
    readonly gradedAlike: ScaleLedger["gradedAlike"];
    /** The first due jobs by priority then age, each leased. */
    claim(request: ClaimRequest): Promise<readonly Claimed[]>;
    renew(id: string, lease: string, until: number): Promise<boolean>;
    /** Which of these leases still hold. */
    leased(leases: readonly string[]): Promise<readonly string[]>;
    /** Facts learnt inside a stage, kept only while the lease holds. Throws `lease-lost`. */
    note(id: string, lease: string, facts: Facts): Promise<void>;
    /** Ends an attempt: next state, attempt row and event in one transaction; a held hero holds its shoot. Throws `lease-lost`. */
    finish(id: string, lease: string, next: NextState, attempt: Attempt): Promise<void>;
    /** Makes a waiting job due now. */
    wake(id: string, now: number): Promise<void>;
    /** Clears `waits_on = on`; gives how many jobs go on. */
    clearWaits(on: string, now: number): Promise<number>;
    /** Failed, held and cancelled jobs go on from their stage; gives the ids that changed. */
    retry(ids: readonly string[], now: number): Promise<readonly string[]>;
    /** Ends jobs that have not ended; a running stage loses its lease. Gives the ids that changed. */
    cancel(ids: readonly string[], reason: string, now: number): Promise<readonly string[]>;
    /** Held jobs end as cancelled, by way of `retire` where the recipe says where originals go that were not graded. */
    giveUp(ids: readonly string[], reason: string, now: number): Promise<readonly string[]>;
    /**
     * Held jobs whose look is there go on to `write` as they are, and their shoot gets that look. With a finish, those whose
     * preview is there go on with it from `lut`; of a shoot only a photo that is alone in it. Gives the ids that changed.
     */
    approve(ids: readonly string[], now: number, finish?: FinishName): Promise<readonly string[]>;
    /**
     * Held jobs ask the model again with a new seed, whatever their recipe says of seeds, or with these words; of a shoot whose
     * look fails, another photo asks. Gives the ids that changed.
     */
    reject(ids: readonly string[], now: number, prompt?: string): Promise<readonly string[]>;
    /** A failed or cancelled photo, none of a shoot, will be tried again from the beginning, by this recipe. */
    revise(id: string, as: Pick<NewJob, "recipe" | "recipeHash" | "stage" | "facts">, now: number): Promise<boolean>;
    /** Done jobs write their outputs again from the look they have, at this strength 0 … 1. Gives the ids that changed. */
    rewrite(ids: readonly string[], strength: number, now: number): Promise<readonly string[]>;
    /** Jobs placed on `from` and not yet submitted go back to `upload` when one of `to` may serve them. Gives how many. */
    rebind(from: string, to: Servers, now: number): Promise<number>;
    /**
     * Jobs at queue or fetch on `from`, submitted or not, go back to `upload` when one of `to` may serve them: the
     * backend has been away too long. Their tickets stay on record, to be cancelled when it is back. Gives how many.
     */
    moveOn(from: string, to: Servers, now: number): Promise<number>;
    /** Jobs at queue or fetch on a backend that is not in `known` go back to `upload`. Gives how many. */
    unbind(known: readonly string[], now: number): Promise<number>;
    counts(): Promise<readonly Count[]>;
    /**
     * How many jobs stand at these stages, in work or ready, on this backend; of a higher priority than `above` alone. Those that
     * may not be submitted now, since their inbox is paused, its hours are over, or they are none of `only`, keep nobody else's place.
     */
    load(
      stages: readonly Stage[],
      backend: string,
      now: number,
      of?: { readonly above?: number; readonly only?: readonly string[] | undefined },
    ): Promise<number>;
    /** The lowest priority among the jobs that these backends have; null when they have none. */
    lowestPriority(backends: readonly string[]): Promise<number | null>;
    /** How many, of `only` if given, stand at these stages with a preview, in work, or ready and due. */
    loadDue(stages: readonly Stage[], now: number, only?: readonly string[]): Promise<number>;
    /** Expired leases, and leases of instances other than `alive`, are freed uncounted. Gives how many. */
    freeLeases(alive: string, now: number): Promise<number>;
    /** Is there anything that could be claimed, by whomever? */
    anyDue(now: number): Promise<boolean>;
    /** When the next job falls due or the next lease ends; null when nothing is pending. */
    nextDue(now: number): Promise<number | null>;
  };
  readonly plates: {
    add(plate: Plate): Promise<void>;
    get(id: string): Promise<Plate | undefined>;
    place(plate: string, backend: string, name: string, now: number): Promise<void>;
    placement(plate: string, backend: string): Promise<string | undefined>;
  };
  readonly tickets: {
    /**
     * Takes a place on the backend and stores the ticket in one transaction; undefined when all places are taken. `recalled`
     * is a ticket that was taken back for it, as by `recall`: nobody else can have its place in between.
     */
    reserve(ticket: Omit<Ticket, "state">, depth: number, recalled?: string): Promise<Ticket | undefined>;
    /** False, and nothing changes, when the ticket has ended already. Frees a place when the new state ends the ticket, and clears waits on `place:<backend>`. */
    mark(id: string, state: TicketState, now: number): Promise<boolean>;
    /** A ticket that was taken back before it ran: it is cancelled, and its job goes back to `queue`, whoever works on it. */
    recall(id: string, now: number): Promise<void>;
    get(id: string): Promise<Ticket | undefined>;
    ofJob(job: string): Promise<readonly Ticket[]>;
    /** Tickets that hold a place though their job has ended or has moved on to another. */
    stray(): Promise<readonly Ticket[]>;
    /** The tickets on this backend that jobs at fetch wait for; the newest of the lowest priority first. */
    live(backend: string): Promise<readonly LiveTicket[]>;
    /** Places taken on a backend. */
    held(backend: string): Promise<number>;
    result(ticket: string, slot: string, file: PathText, sha256: string, now: number): Promise<void>;
    /** The pictures that came back for it. */
    results(
      ticket: string,
    ): Promise<readonly { readonly slot: string; readonly file: PathText; readonly sha256: string }[]>;
    /** Ended tickets that their backend may still remember, and whose pictures no job still fetches. */
    untidied(backend: string, limit: number): Promise<readonly string[]>;
    /** Their backend remembers them no more. */
    tidied(ids: readonly string[], now: number): Promise<void>;
  };
  readonly runs: {
    /** How long a run of this workflow took. */
    add(run: { readonly backend: string; readonly workflow: string; readonly ms: number }, now: number): Promise<void>;
    /** Of the newest runs; null when there were none. */
    usual(backend: string, workflow: string): Promise<Usual | null>;
  };
  readonly outputs: Outputs;
  readonly copies: Copies;
  readonly deliveries: Deliveries;
  readonly batches: Batches;
  readonly looks: Looks;
  readonly shoots: Shoots;
  readonly housekeeping: Housekeeping;
  readonly progress: {
    /** Kept at most once a second for each job, and only while it is at fetch with this ticket. */
    put(progress: JobProgress, now: number): Promise<void>;
    /** Of all jobs that are on a backend now. */
    all(): Promise<readonly JobProgress[]>;
  };
  readonly attempts: { of(job: string): Promise<readonly Attempt[]> };
  readonly events: {
    add(kind: string, job: string | null, data: Readonly<Record<string, unknown>>, now: number): Promise<void>;
    after(id: number, limit: number): Promise<readonly LedgerEvent[]>;
    /** Deletes events before this time. */
    forget(before: number): Promise<void>;
  };
  readonly sightings: {
    /** By path; a page of them begins after a path. */
    of(inbox: PathText, page?: { readonly after: string; readonly limit: number }): Promise<readonly Sighting[]>;
    has(inbox: PathText, path: PathText): Promise<boolean>;
    put(inbox: PathText, sightings: readonly Sighting[], now: number): Promise<void>;
    remove(inbox: PathText, paths: readonly PathText[]): Promise<void>;
    all(): Promise<readonly (Sighting & { readonly inbox: PathText; readonly at: number })[]>;
  };
  readonly pairs: Pairs;
  readonly switches: {
    get(name: string): Promise<string | undefined>;
    set(name: string, value: string | null, now: number): Promise<void>;
    /** Those whose names begin so. */
    all(prefix: string): Promise<readonly { readonly name: string; readonly value: string }[]>;
  };
  readonly daemon: {
    announce(row: DaemonRow): Promise<void>;
    get(): Promise<DaemonRow | undefined>;
    leave(instance: string): Promise<void>;
  };
  /** Has another process written to it since this was asked last? False at first. */
  changed(): Promise<boolean>;
  close(): Promise<void>;
};

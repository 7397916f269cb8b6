/** What the ledger keeps of a job's way: its attempts and its tickets. */
import type { ErrorCode } from "../errors.ts";
import type { Stage } from "./job.ts";

export type AttemptKind = "done" | "wait" | "rewind" | "hold" | "end" | "failed" | "retried" | "released";

export type Attempt = {
  readonly stage: Stage;
  readonly number: number;
  readonly kind: AttemptKind;
  readonly startedAt: number;
  readonly endedAt: number;
  /** Consecutive waits fold into one row. */
  readonly times: number;
  readonly code: ErrorCode | null;
  readonly message: string | null;
};

export type TicketState = "reserved" | "posted" | "seen" | "finished" | "lost" | "cancelled";

/** Our id for one submission. Rows are never overwritten: a lost one stays on record. */
export type Ticket = {
  readonly id: string;
  readonly job: string;
  readonly plate: string;
  readonly backend: string;
  readonly seed: number;
  readonly prefix: string;
  readonly state: TicketState;
  readonly createdAt: number;
};

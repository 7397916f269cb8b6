/** The looks and shoots of the Ledger port. Types only. */
import type { PathText } from "./core/inbox/path-text.ts";
import type { Job, KeptLook, ShootRole } from "./core/job/job.ts";

export type ShootWanted = {
  /** Photos of one inbox with the same key belong together. */
  readonly key: string;
  /** Only while no pause between two is longer; null: always. */
  readonly gapMs: number | null;
  readonly heroes: number;
};

/** `open`: its heroes are with the model. `held`: their look waits for a person. `ready`: its look is there for good. */
export type ShootState = "open" | "held" | "ready";

export type Shoot = {
  readonly id: string;
  readonly inbox: PathText;
  readonly key: string;
  readonly state: ShootState;
  /** Photos that are to be asked of the model. */
  readonly heroes: number;
  /** While held: the photo that the look fails on. */
  readonly hero: string | null;
  readonly look: ScoredLook | null;
};

/** With what it left unexplained of the pictures it was fitted to; null for a look that was not fitted here. */
export type ScoredLook = KeptLook & { readonly score: number | null };

export type NamedLook = ScoredLook & {
  readonly name: string;
  /** The job it was fitted for, if it was. */
  readonly job: string | null;
  readonly createdAt: number;
};

export type Looks = {
  add(look: ScoredLook & { readonly job: string | null }, now: number): Promise<void>;
  named(name: string): Promise<KeptLook | undefined>;
  /** Looks that have a name, by name. */
  list(): Promise<readonly NamedLook[]>;
  /** False when another look has this name, or this look another name. */
  name(sha256: string, name: string): Promise<boolean>;
  /** The look stays for the jobs that have it. False when there is no such name. */
  forget(name: string): Promise<boolean>;
};

export type Shoots = {
  get(id: string): Promise<Shoot | undefined>;
  /** The photos that are, or were, with the model for this shoot and did not fall out, oldest first. */
  heroes(id: string): Promise<readonly Job[]>;
  /** Gives the shoot of a job its look, once and for all: when it has one, that one stays. Its photos go on. Throws `lease-lost`. */
  ready(job: string, lease: string, look: string, now: number): Promise<Shoot>;
  /** Looks that a frame may have: its own shoot's, then those of the shoots that branched off it. */
  looks(id: string): Promise<readonly ScoredLook[]>;
  /**
   * A frame that none of those looks fits goes to a branch that has no look yet, or opens one with itself as the hero.
   * Throws `lease-lost`.
   */
  branch(job: string, lease: string, now: number): Promise<{ readonly id: string; readonly role: ShootRole }>;
  /** What no event tells: heroes that ended are replaced, photos whose look is there go on. Gives how many jobs changed. */
  tend(now: number): Promise<number>;
  /** Shoots without a look, and how many photos wait for it. */
  waiting(): Promise<readonly (Shoot & { readonly photos: number })[]>;
};

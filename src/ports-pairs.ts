/** What the ledger and the scanner say of RAW and JPEG pairs. Types only. */

import type { PairRule } from "./core/inbox/pairs.ts";
import type { PathText } from "./core/inbox/path-text.ts";
import type { Settled } from "./ports-inbox.ts";

export type Pairs = {
  /** Photos of this inbox whose job ended since the file itself could not be graded or was gone. */
  lost(inbox: PathText): Promise<readonly PathText[]>;
  /** The files that belong to this photo: paths in its folder. */
  of(inbox: PathText, path: PathText): Promise<readonly PathText[]>;
  /** Photos of this stem in this folder that became jobs, and when their files were written (ns). */
  graded(inbox: PathText, path: PathText): Promise<readonly Graded[]>;
  /** Was it graded by itself where it lies, or is it about to be? */
  isOwn(inbox: PathText, path: PathText): Promise<boolean>;
  /** How many files of each inbox belong to another. */
  belonging(): Promise<readonly { readonly inbox: PathText; readonly count: number }[]>;
};

export type Graded = {
  readonly job: string;
  readonly path: PathText;
  readonly mtimeNs: string;
  readonly isLost: boolean;
};

/** How a scanner pairs. */
export type PairOptions = {
  readonly rule: PairRule;
  /** How long the half that is not to be graded waits for the one that is, from when it settled. */
  readonly waitMs: number;
  /** Taken files that could not be graded after all: their other half is graded instead. */
  lost(): Promise<readonly PathText[]>;
  /** The photo that a half lying alone belongs to, when that was graded and put away before it came. */
  owner(half: Settled): Promise<PathText | undefined>;
  /** A half with a job of its own: changed, it is graded again, whatever its other half is. */
  isOwn(path: PathText): Promise<boolean>;
};

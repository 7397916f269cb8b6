/** The part of the Ledger port that knows which photos are one picture. Types only. */
import type { PathText } from "./core/inbox/path-text.ts";
import type { Facts, Job, Stage } from "./core/job/job.ts";

export type Copies = {
  /** Jobs of this inbox with this picture, the newest generation of each path, oldest first; a bounded number. */
  of(
    inbox: PathText,
    picture: { readonly contentSha256: string; readonly pictureSha256: string },
  ): Promise<readonly Job[]>;
  /** The job whose look a copy takes or waits for: one that has its look, else the oldest; undefined when it is left alone. */
  first(copy: string): Promise<Job | undefined>;
  /**
   * The file has another name now: the job follows it, and one that had ended because its file was gone begins anew.
   * Undefined when somebody works on it, or when it has another name already.
   */
  rename(
    id: string,
    file: {
      readonly from: PathText;
      readonly to: PathText;
      readonly original: PathText;
      readonly begin: { readonly stage: Stage; readonly facts: Facts };
    },
    now: number,
  ): Promise<Job | undefined>;
  /**
   * The file's metadata changed, its picture did not. `refresh` has an output that is done written again from the look it
   * has. False when that must wait until the job is done.
   */
  metadata(
    id: string,
    file: { readonly contentSha256: string; readonly facts: Facts },
    then: "refresh" | "ignore",
    now: number,
  ): Promise<boolean>;
};

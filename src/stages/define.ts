/** What a stage is: a program that turns a job and its facts into an outcome. */
import { AppError } from "../core/errors.ts";
import { joinPath, type PathText } from "../core/inbox/path-text.ts";
import type { Facts, Job, Outcome, Stage } from "../core/job/job.ts";
import type { Ports } from "../ports.ts";

/** What the runner lends a stage for one attempt. */
export type Attempting = {
  /** Unique to this attempt; part of every temp name. */
  readonly lease: string;
  /** The job's own work folder; it exists. */
  readonly folder: PathText;
  /** Keeps facts at once, before the act they speak of. Throws `lease-lost`. */
  note(facts: Facts): Promise<void>;
  /** Aborts when the lease is lost, the job cancelled, or the program stops. */
  readonly signal: AbortSignal;
};

export type StageProgram = {
  readonly name: Stage;
  readonly attemptsMax: number;
  run(job: Job, ports: Ports, attempting: Attempting): Promise<Outcome>;
};

type Known<Need extends keyof Facts> = { readonly [Name in Need]-?: NonNullable<Facts[Name]> };

/** A stage whose `needs` are checked before it runs, so that its program sees them as present. */
export function defineStage<const Need extends keyof Facts>(definition: {
  readonly name: Stage;
  readonly needs: readonly Need[];
  readonly attemptsMax: number;
  run(facts: Known<Need>, job: Job, ports: Ports, attempting: Attempting): Promise<Outcome>;
}): StageProgram {
  const { name, needs, attemptsMax } = definition;
  return {
    name,
    attemptsMax,
    run: (job, ports, attempting) => {
      const missing = needs.filter((need) => job.facts[need] === undefined);
      if (missing.length > 0)
        throw new AppError("internal", `Job ${job.id} came to ${name} without ${missing.join(", ")}.`);
      return definition.run(job.facts as Known<Need>, job, ports, attempting);
    },
  };
}

/** A file in the job's work folder. */
export const workFile = (attempting: Attempting, name: string): PathText => joinPath(attempting.folder, name);

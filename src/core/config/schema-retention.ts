/** The keys at the top level that say what is forgotten, and when. */
import { z } from "zod";
import { parseDuration } from "./durations.ts";
import { duration } from "./measured.ts";
import { cron } from "./schema-schedule.ts";

const forever = (least: string) =>
  z.union([z.literal("forever"), duration(least, "3650d")], {
    error: `expected forever, or a duration such as 30d, at least ${least}`,
  });

export const retentionFields = {
  retention: z
    .strictObject({
      work: duration("1h", "3650d")
        .default("1d")
        .describe("Work files (plates, the model's pictures), after their job ended."),
      events: duration("1h", "3650d").default("30d").describe("Events, for programs that follow what happens."),
      jobs: forever("1d")
        .default("forever")
        .describe(
          "Each stage's history of photos that are done. That they are done is never forgotten: nothing is graded again.",
        ),
    })
    .prefault({})
    .describe("How long what is no longer needed is kept."),
  housekeeping: cron
    .nullable()
    .default(null)
    .describe(
      'When what is over that is deleted, and the ledger made smaller: `"0 4 * * *"`, in the machine\'s time zone; null is every ten minutes.',
    ),
} as const;

export type Retention = {
  readonly workMs: number;
  readonly eventsMs: number;
  /** null is for ever. */
  readonly jobsMs: number | null;
};

export function retentionOf({ work, events, jobs }: Record<"work" | "events" | "jobs", string>): Retention {
  const jobsMs = jobs === "forever" ? null : parseDuration(jobs)!;
  return { workMs: parseDuration(work)!, eventsMs: parseDuration(events)!, jobsMs };
}

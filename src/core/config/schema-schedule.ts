/** The keys of an inbox that say when: sweeps, hours of the GPU, and photos that were there before the first start. */
import { z } from "zod";
import { cronProblem } from "../schedule/cron.ts";
import { isHoursRule } from "../schedule/hours.ts";
import { isZone } from "../schedule/wall.ts";

const hoursRule = z.string().refine(isHoursRule, {
  error: 'expected hours such as "22:00-06:00", "mon-fri 22:00-06:00" or "sat,sun 00:00-24:00"',
});
const RULES_MAX = 50;

export const cron = z
  .string({ error: 'expected a schedule such as "0 2 * * *"' })
  .max(200)
  .refine((text) => cronProblem(text) === undefined, { error: (issue) => cronProblem(String(issue.input)) });

export const scheduleFields = {
  schedule: cron
    .nullable()
    .default(null)
    .describe(
      'Sweep the folder then instead of watching it: `"0 2 * * *"` is every night at two; a sixth field in front is the second. Between two runs nothing is taken.',
    ),
  catchUp: z
    .enum(["once", "skip"])
    .default("once")
    .describe(
      "Runs of `schedule` that were missed while hotgrade was off: `once` sweeps at the start, `skip` waits for the next.",
    ),
  hours: z
    .union([hoursRule, z.array(hoursRule).min(1).max(RULES_MAX)], {
      error: 'expected hours such as "22:00-06:00", or a list such as ["mon-fri 22:00-06:00", "sat,sun 00:00-24:00"]',
    })
    .nullable()
    .default(null)
    .describe(
      'When photos may go to a model: `"22:00-06:00"`, or a list with weekdays, `["mon-fri 22:00-06:00", "sat,sun 00:00-24:00"]`. At other times they are taken in and wait.',
    ),
  timezone: z
    .string()
    .refine(isZone, { error: "expected the name of a time zone, such as Europe/Berlin" })
    .nullable()
    .default(null)
    .describe("Time zone of `schedule` and `hours`, such as `Europe/Berlin`; null is the machine's."),
  existing: z
    .enum(["process", "ignore", "ask"])
    .default("process")
    .describe(
      "Photos that lie in the folder at its first start: `process` them, `ignore` them until they change, or take them in and `ask`: nothing goes to a model until `hotgrade resume --inbox PATH`.",
    ),
} as const;

/** What an inbox says of time: when it is swept, when its photos may go to a model, and what of those that were there first. */
export type ScheduleSettings = {
  /** Cron's words; null watches the folder. */
  readonly schedule: string | null;
  readonly catchUp: "once" | "skip";
  /** Rules of `hours.ts`; null is always. */
  readonly hours: readonly string[] | null;
  /** An IANA name; null is the machine's. */
  readonly timezone: string | null;
  readonly existing: "process" | "ignore" | "ask";
};

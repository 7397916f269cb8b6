/** When a schedule runs next. On the day without 02:30 a run of that time comes as soon as the clock has passed it; on the day with two, once. */
import { Cron } from "croner";

/** The first run after this time; undefined when there is none. null is the machine's time zone. */
export function nextRun(schedule: string, zone: string | null, after: number): number | undefined {
  const cron = new Cron(schedule, { paused: true, ...(zone !== null && { timezone: zone }) });
  try {
    return cron.nextRun(new Date(after))?.getTime();
  } finally {
    cron.stop();
  }
}

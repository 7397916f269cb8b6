/** What clocks on the wall show in a time zone, by the zone's own rules; computed from Unix ms alone. */

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const WEEK_MS = 7 * DAY_MS;
/** 1970-01-05, a Monday. */
const A_MONDAY_MS = 4 * DAY_MS;

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

const formats = new Map<string, Intl.DateTimeFormat>();

/** null is the machine's own zone. */
function formatOf(zone: string | null): Intl.DateTimeFormat {
  const known = formats.get(zone ?? "");
  if (known) return known;
  const made = new Intl.DateTimeFormat("en-US", {
    ...(zone !== null && { timeZone: zone }),
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  formats.set(zone ?? "", made);
  return made;
}

export function isZone(text: string): boolean {
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: text });
    return true;
  } catch (thrown) {
    if (thrown instanceof RangeError) return false;
    throw thrown;
  }
}

/** Wall clock minus UTC: `offsetMs("Europe/Berlin", …)` is 3 600 000 in winter, 7 200 000 in summer. */
export function offsetMs(zone: string | null, at: number): number {
  const parts: Record<string, number> = {};
  for (const { type, value } of formatOf(zone).formatToParts(at)) parts[type] = Number(value);
  const { year, month, day, hour, minute, second } = parts as Record<string, number>;
  const wall = Date.UTC(year!, month! - 1, day!, hour!, minute!, second!);
  return wall - Math.floor(at / 1_000) * 1_000;
}

/** Ms since Monday 00:00 on the wall. */
export function weekMs(zone: string | null, at: number): number {
  const since = (at + offsetMs(zone, at) - A_MONDAY_MS) % WEEK_MS;
  return since < 0 ? since + WEEK_MS : since;
}

/** The first moment in (from, to] with another offset than `from`; undefined when the two ends agree. */
export function offsetChange(zone: string | null, from: number, to: number): number | undefined {
  const before = offsetMs(zone, from);
  if (offsetMs(zone, to) === before) return undefined;
  let low = from;
  let high = to;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetMs(zone, middle) === before) low = middle;
    else high = middle;
  }
  return high;
}

/** As people say it: `22:00` within a day of `now`, else `sat 22:00`. */
export function timeWords(zone: string | null, at: number, now: number): string {
  const week = weekMs(zone, at);
  const minutes = Math.floor((week % DAY_MS) / MINUTE_MS);
  const time = `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
  return Math.abs(at - now) < DAY_MS ? time : `${DAYS[Math.floor(week / DAY_MS)]} ${time}`;
}

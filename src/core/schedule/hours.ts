/**
 * When a GPU may be used: `22:00-06:00`, `mon-fri 22:00-06:00`, `sat,sun 00:00-24:00`. The times are the wall clock's, so on the
 * days when clocks change a night is an hour longer or shorter. A period that ends on the next morning belongs to the day on
 * which it begins.
 */
import { offsetChange, weekMs } from "./wall.ts";

/** A piece of the week in minutes since Monday 00:00; `to` may lie in the next week. */
type Span = { readonly from: number; readonly to: number };
export type Hours = readonly Span[];

/** From the first moment at or after which it is open until the first at which it is not. */
export type OpenWindow = { readonly opensAt: number; readonly closesAt: number };

const DAY = 24 * 60;
const WEEK = 7 * DAY;
const MINUTE_MS = 60_000;
const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const NAMES = DAYS.join("|");
const RULE = new RegExp(
  `^(?:((?:${NAMES})(?:-(?:${NAMES}))?(?:, ?(?:${NAMES})(?:-(?:${NAMES}))?)*) +)?(\\d\\d?):(\\d\\d) ?- ?(\\d\\d?):(\\d\\d)$`,
  "i",
);
/** Boundaries and clock changes looked at for one answer: far more than a week of any hours has. */
const STEPS_MAX = 5_000;

/** The spans of one rule; undefined when the text is none, or says nothing. */
function spansOf(text: string): readonly Span[] | undefined {
  const match = RULE.exec(text.trim());
  if (!match) return undefined;
  const [, days, ...numbers] = match;
  const [fromHour, fromMinute, toHour, toMinute] = numbers.map(Number) as [number, number, number, number];
  const from = fromHour * 60 + fromMinute;
  const to = toHour * 60 + toMinute;
  if (fromMinute > 59 || toMinute > 59 || from >= DAY || to > DAY || from === to) return undefined;
  const length = to > from ? to - from : to + DAY - from;
  return daysOf(days).map((day) => ({ from: day * DAY + from, to: day * DAY + from + length }));
}

function daysOf(text: string | undefined): readonly number[] {
  if (text === undefined) return DAYS.map((_day, at) => at);
  return text
    .toLowerCase()
    .split(/, ?/)
    .flatMap((part) => {
      const [first, last = first] = part.split("-").map((name) => DAYS.indexOf(name)) as [number, number?];
      const count = ((last! - first + 7) % 7) + 1;
      return Array.from({ length: count }, (_none, at) => (first + at) % 7);
    });
}

export const isHoursRule = (text: string): boolean => spansOf(text) !== undefined;

/** Rules that `isHoursRule` has let pass. */
export function parseHours(rules: readonly string[]): Hours {
  return rules.flatMap((rule) => spansOf(rule) ?? []);
}

export function isOpen(hours: Hours, zone: string | null, at: number): boolean {
  const minute = weekMs(zone, at) / MINUTE_MS;
  return hours.some(({ from, to }) => (from <= minute && minute < to) || minute + WEEK < to);
}

/** The first moment after `at` at which open and closed change; undefined when they never do. */
function nextChange(hours: Hours, zone: string | null, at: number): number | undefined {
  const state = isOpen(hours, zone, at);
  const end = at + 2 * WEEK * MINUTE_MS;
  let time = at;
  for (let step = 0; step < STEPS_MAX && time < end; step++) {
    const minute = weekMs(zone, time) / MINUTE_MS;
    const ahead = hours.flatMap(({ from, to }) =>
      [from, to % WEEK].map((edge) => (edge - minute + WEEK) % WEEK || WEEK),
    );
    const edgeAt = time + Math.round(Math.min(...ahead) * MINUTE_MS);
    time = offsetChange(zone, time, edgeAt) ?? edgeAt;
    if (isOpen(hours, zone, time) !== state) return time;
  }
  return undefined;
}

/** The window that `now` lies in, or the next one. Hours that never close do so at the end of time. */
export function windowAt(hours: Hours, zone: string | null, now: number): OpenWindow {
  const opensAt = isOpen(hours, zone, now) ? now : (nextChange(hours, zone, now) ?? Number.MAX_SAFE_INTEGER);
  return { opensAt, closesAt: nextChange(hours, zone, opensAt) ?? Number.MAX_SAFE_INTEGER };
}

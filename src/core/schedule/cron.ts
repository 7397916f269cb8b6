/** Is a text a schedule in cron's words? Five fields, or six that begin with the second. Says what is wrong in a sentence. */

type Field = {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly words: readonly string[];
};

const FIELDS: readonly Field[] = [
  { name: "second", least: 0, most: 59, words: [] },
  { name: "minute", least: 0, most: 59, words: [] },
  { name: "hour", least: 0, most: 23, words: [] },
  { name: "day of the month", least: 1, most: 31, words: [] },
  { name: "month", least: 1, most: 12, words: "jan feb mar apr may jun jul aug sep oct nov dec".split(" ") },
  { name: "day of the week", least: 0, most: 7, words: "sun mon tue wed thu fri sat".split(" ") },
];

/** `cronProblem("0 2 * * *")` is undefined. */
export function cronProblem(text: string): string | undefined {
  const parts = text.trim().split(/\s+/);
  if (parts.length !== 5 && parts.length !== 6)
    return `expected 5 fields (minute hour day month weekday), such as "0 2 * * *", or 6 with the second first; got ${parts.length}`;
  const fields = FIELDS.slice(FIELDS.length - parts.length);
  for (const [at, field] of fields.entries()) {
    const wrong = parts[at]!.split(",").find((part) => !isPart(part, field));
    if (wrong === undefined) continue;
    const { name, least, most, words } = field;
    const named = words.length > 0 ? `, or ${words[0]} to ${words.at(-1)}` : "";
    return `${name} ${wrong || "(empty)"}: expected * or ${least} to ${most}${named}, such as 1,3 or 1-5 or */2`;
  }
  const [day, month] = parts.slice(-3) as [string, string];
  return isNeverADay(day, month)
    ? `there is no day ${day} in month ${month}: this schedule would never run`
    : undefined;
}

/** `*`, `4`, `1-5`, each perhaps with `/2` behind. */
function isPart(part: string, field: Field): boolean {
  const match = /^(?:(\*)|(\w+)(?:-(\w+))?)(?:\/(\d{1,3}))?$/.exec(part);
  if (!match) return false;
  const [, star, first, last, step] = match;
  if (step !== undefined && (Number(step) < 1 || Number(step) > field.most)) return false;
  if (star) return true;
  const from = numberOf(first!, field);
  if (last === undefined) return from !== undefined && step === undefined;
  const to = numberOf(last, field);
  return from !== undefined && to !== undefined && from <= to;
}

function numberOf(text: string, { least, most, words }: Field): number | undefined {
  const word = words.indexOf(text.toLowerCase());
  if (word >= 0) return word + (words.length === 12 ? 1 : 0);
  const value = /^\d{1,2}$/.test(text) ? Number(text) : undefined;
  return value !== undefined && value >= least && value <= most ? value : undefined;
}

/** 30 and 31 February, 31 April: of single numbers alone. */
function isNeverADay(day: string, month: string): boolean {
  const value = numberOf(month, FIELDS[4]!);
  if (value === undefined || !/^\d+$/.test(day)) return false;
  const longest = value === 2 ? 29 : [4, 6, 9, 11].includes(value) ? 30 : 31;
  return Number(day) > longest;
}

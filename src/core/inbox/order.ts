/** Which of the photos that have settled is taken first. */
import type { PathText } from "./path-text.ts";

export type InboxOrder = "oldest" | "newest" | "name";

/** Numbers in names count as numbers: IMG_2 comes before IMG_10. */
const NATURAL = new Intl.Collator("en", { numeric: true });

type Aged = { readonly path: PathText; readonly mtimeNs: string };

/** By the order asked for; a burst within one tick of the clock keeps the order of its names. */
export function inOrder<T>(items: readonly T[], order: InboxOrder, agedOf: (item: T) => Aged): T[] {
  const sign = order === "newest" ? -1 : 1;
  const keyed = items.map((item) => {
    const { path, mtimeNs } = agedOf(item);
    return { item, path, age: order === "name" ? 0n : BigInt(mtimeNs) };
  });
  keyed.sort((one, other) => {
    if (one.age !== other.age) return one.age < other.age ? -sign : sign;
    const named = NATURAL.compare(one.path, other.path) || (one.path < other.path ? -1 : 1);
    return named * sign;
  });
  return keyed.map(({ item }) => item);
}

/**
 * Where a photo stands among those of the same priority that wait for the model: the smallest first. Photos of an inbox
 * with `order: newest` overtake all that came before them, the others keep the order in which they were taken.
 */
export const turnOf = (order: InboxOrder, now: number): number => (order === "newest" ? -now : 0);

/** "Did you mean": the known word nearest to a mistyped one. */

/** Words longer than this are not compared: nobody mistypes one of our names that long. */
const LENGTH_MAX = 64;

/**
 * Damerau–Levenshtein distance (insert, delete, replace, swap of neighbours), or `bound + 1` once it is above `bound`.
 * `distance("promt", "prompt", 2)` is 1; a swap such as "pormpt" counts 1 as well.
 */
export function distance(left: string, right: string, bound: number): number {
  if (Math.abs(left.length - right.length) > bound) return bound + 1;
  let before: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, at) => at);
  for (let i = 1; i <= left.length; i++) {
    const row = [i];
    for (let j = 1; j <= right.length; j++) {
      const same = left[i - 1] === right[j - 1] ? 0 : 1;
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + same);
      const swapped = i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1];
      if (swapped) cost = Math.min(cost, before[j - 2]! + 1);
      row.push(cost);
    }
    if (Math.min(...row) > bound) return bound + 1;
    before = last;
    last = row;
  }
  return Math.min(last[right.length]!, bound + 1);
}

/** The known word that `word` was most likely meant to be, or null when none is near: a third of its letters may differ. */
export function suggest(word: string, known: Iterable<string>): string | null {
  if (word.length > LENGTH_MAX) return null;
  const plain = (text: string) => text.toLowerCase().replaceAll(/[-_ ]/g, "");
  const wanted = plain(word);
  let best: string | null = null;
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1; // nothing as far as this counts
  for (const candidate of known) {
    const known = plain(candidate);
    const isStart = wanted.length >= 3 && known.startsWith(wanted);
    const found = isStart && known !== wanted ? 1 : distance(wanted, known, least - 1);
    if (found < least) [best, least] = [candidate, found];
  }
  return best;
}

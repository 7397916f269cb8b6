/**
 * Coverage in a .cube's comments: the share 0 … 1 of its picture's colours that a look was fitted to.
 * The format has no field for it, and a look travels without its report.
 */
const NOTE = /^Coverage: (0(?:\.\d{1,6})?|1(?:\.0{1,6})?)\b/;

/** The comment: `coverageNote(0.98)` begins "Coverage: 0.98". */
export function coverageNote(coverage: number): string {
  return `Coverage: ${Math.round(1e4 * coverage) / 1e4} of the fitted picture's colours.`;
}

/** What the comments say of it; undefined where they do not. */
export function coverageIn(comments: readonly string[]): number | undefined {
  for (const comment of comments) {
    const share = NOTE.exec(comment)?.[1];
    if (share !== undefined) return Number(share);
  }
  return undefined;
}

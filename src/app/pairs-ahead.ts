/** RAW and JPEG pairs before anything is taken: which halves would be graded, and which belong to another, as the scanner has it. */
import type { InboxConfig } from "../core/config/parse.ts";
import { halfOf, type Mate, type MateState, pairKey, pairRole } from "../core/inbox/pairs.ts";
import { baseName, folderOf, type PathText } from "../core/inbox/path-text.ts";
import type { Fate } from "./dry-run.ts";

const STATES: Readonly<Record<Fate, MateState | null>> = {
  take: "graded",
  known: "graded",
  wait: "coming",
  refuse: "lost",
  leave: null,
  unread: null,
};

export type PairsAhead = {
  /** Is there a better half of its photo? It is judged first. */
  isSecond(path: PathText): boolean;
  /** What becomes of a half once its better ones are judged; `waitMs` has passed. */
  role(path: PathText, fateOf: (path: PathText) => Fate | undefined): ReturnType<typeof pairRole>;
};

export function pairsAhead({ pairs, raw }: Pick<InboxConfig, "pairs" | "raw">, all: readonly PathText[]): PairsAhead {
  const halves = new Map<string, PathText[]>();
  const keyOf = (path: PathText): string => `${folderOf(path)}/${pairKey(baseName(path))}`;
  if (pairs !== "both" && raw.kind !== "skip")
    for (const path of all)
      if (halfOf(baseName(path)) !== undefined) halves.set(keyOf(path), [...(halves.get(keyOf(path)) ?? []), path]);

  function roleOf(path: PathText, stateOf: (mate: PathText) => MateState | null): ReturnType<typeof pairRole> {
    const mates = (halves.get(keyOf(path)) ?? []).flatMap((other): Mate[] => {
      const state = other === path ? null : stateOf(other);
      return state === null ? [] : [{ name: baseName(other), kind: halfOf(baseName(other))!, state }];
    });
    const kind = halfOf(baseName(path));
    if (kind === undefined || pairs === "both") return { kind: "take" };
    return pairRole(kind, mates, { rule: pairs, waitMs: 0, waitedMs: 0 });
  }
  return {
    isSecond: (path) => roleOf(path, () => "coming").kind === "wait",
    role: (path, fateOf) =>
      roleOf(path, (mate) => {
        const fate = fateOf(mate);
        return fate === undefined ? null : STATES[fate];
      }),
  };
}

/** Picture work on network shares: begun when the shares of its files answer, and given up when one of them stops to. */
import type { PathText } from "../core/inbox/path-text.ts";
import type { Pictures } from "../ports.ts";
import type { Shares } from "../ports-shares.ts";

type Method = (asks: unknown, ...rest: unknown[]) => Promise<unknown>;

/** Where a request may name a file; the rest of the files it works on are our own. */
const FILES = ["file", "original", "output", "to", "cube", "heatmap", "before", "after", "cells"] as const;

/** Headers, which the program itself reads: through the share's process, so no guard is needed. */
const READ_HERE = new Set(["inspect", "rawKind"]);

export function guardedPictures(pictures: Pictures, shares: Shares): Pictures {
  const guarded = Object.entries(pictures).map(([name, method]) => {
    if (typeof method !== "function" || name === "close" || READ_HERE.has(name)) return [name, method];
    const act = (asks: unknown, ...rest: unknown[]): Promise<unknown> => {
      // The signal comes last; some methods take more between.
      const at = (method as Method).length - 2;
      const signal = rest[at] as AbortSignal | undefined;
      return shares.guard(pathsOf(asks), signal, (both) => (method as Method)(asks, ...rest.slice(0, at), both));
    };
    return [name, act];
  });
  return Object.fromEntries(guarded) as Pictures;
}

function pathsOf(asks: unknown): readonly PathText[] {
  if (typeof asks === "string") return [asks as PathText];
  if (Array.isArray(asks)) return asks.flatMap(pathsOf);
  if (typeof asks !== "object" || asks === null) return [];
  const request = asks as Readonly<Record<string, unknown>>;
  return FILES.flatMap((name) => pathsOf(request[name]));
}

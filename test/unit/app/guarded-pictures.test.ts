import { expect, test } from "vitest";
import { guardedPictures } from "../../../src/app/guarded-pictures.ts";
import type { Pictures } from "../../../src/ports.ts";
import type { Shares } from "../../../src/ports-shares.ts";

test("every file that a contact sheet is made of is guarded", async () => {
  const guarded: string[] = [];
  const shares = {
    guard: async (paths: readonly string[], signal: AbortSignal, act: (signal: AbortSignal) => Promise<unknown>) => {
      guarded.push(...paths);
      return act(signal);
    },
  } as unknown as Shares;
  const pictures = { contactSheet: async (_asks: unknown, _signal: AbortSignal) => {} } as unknown as Pictures;
  const cells = [
    { before: ["/share/a.jpg", "/work/a.png"], after: ["/graded/a.jpg"], name: "a.jpg" },
    { before: [], after: [], name: "b.jpg" },
  ] as never;
  await guardedPictures(pictures, shares).contactSheet(
    { cells, to: "/graded/sheet.tmp" as never },
    new AbortController().signal,
  );
  expect(guarded.sort()).toEqual(["/graded/a.jpg", "/graded/sheet.tmp", "/share/a.jpg", "/work/a.png"]);
});

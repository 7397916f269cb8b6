import { describe, expect, test } from "vitest";
import { companionNames, movingTo, numberedAlong } from "../../../src/core/inbox/companions.ts";
import type { PathText } from "../../../src/core/inbox/path-text.ts";

const path = (text: string) => text as PathText;

describe("what a photo's companions may be called", () => {
  test("both styles of names, the ending in either case", () => {
    const { own, shared } = companionNames(path("monday/IMG_1.CR3"));
    for (const name of ["IMG_1.CR3.xmp", "IMG_1.CR3.XMP", "IMG_1.CR3.pp3", "IMG_1.CR3.dop"])
      expect(own).toContain(name);
    for (const name of ["IMG_1.xmp", "IMG_1.MOV", "IMG_1.AAE", "IMG_1.dop"]) expect(shared).toContain(name);
    expect(shared).not.toContain("IMG_1.CR3");
  });

  test("none that no disk could hold", () => {
    const long = path(`${"x".repeat(251)}.jpg`);
    const { own, shared } = companionNames(long);
    expect(own).toEqual([]);
    expect(shared).toContain(`${"x".repeat(251)}.xmp`);
  });
});

describe("numbers", () => {
  test.each([
    ["IMG_1.JPG", "IMG_1-2.JPG"],
    ["IMG_1.xmp", "IMG_1-2.xmp"],
    ["IMG_1.CR3.xmp", "IMG_1-2.CR3.xmp"],
    ["img.v2.JPG.pp3", "img.v2-2.JPG.pp3"],
    ["holiday.part1.mov", "holiday.part1-2.mov"],
    ["noending", "noending-2"],
  ])("%s becomes %s", (name, second) => {
    expect([numberedAlong(path(name), 0), numberedAlong(path(name), 1)]).toEqual([name, second]);
  });

  test("a long name stays within 255 bytes", () => {
    const name = numberedAlong(path(`${"ä".repeat(123)}.JPG.xmp`), 41);
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
    expect(name.endsWith("-42.JPG.xmp")).toBe(true);
  });

  test("all of a photo's files get the same one", () => {
    const companions = ["IMG_1.xmp", "IMG_1.CR3"].map((name) => ({ from: path(`in/${name}`), name: path(name) }));
    expect(movingTo(path("done"), 2, companions).map(({ to }) => to)).toEqual(["done/IMG_1-3.xmp", "done/IMG_1-3.CR3"]);
  });
});

import { describe, expect, test } from "vitest";
import {
  belongsTo,
  halfOf,
  type Mate,
  type MateState,
  ownerIn,
  type PairRule,
  pairKey,
  pairRole,
} from "../../../src/core/inbox/pairs.ts";
import type { PathText } from "../../../src/core/inbox/path-text.ts";

const key = (name: string) => pairKey(name as PathText);
const mate = (name: string, state: MateState): Mate => ({ name: name as PathText, kind: halfOf(name)!, state });
const role = (name: string, mates: readonly Mate[], rule: PairRule, waitedMs = 0) =>
  pairRole(halfOf(name)!, mates, { rule, waitMs: 10_000, waitedMs });

describe("names of one photo", () => {
  test.each([
    ["Canon", "IMG_1234.CR3", "IMG_1234.JPG"],
    ["Canon with HEIF", "IMG_1234.CR3", "IMG_1234.HIF"],
    ["Sony", "DSC01234.ARW", "DSC01234.JPG"],
    ["Nikon", "_DSC1234.NEF", "_DSC1234.JPG"],
    ["Fujifilm", "DSCF1234.RAF", "DSCF1234.JPG"],
    ["Olympus", "P1010001.ORF", "P1010001.JPG"],
    ["Panasonic", "P1000001.RW2", "P1000001.JPG"],
    ["Leica", "L1000001.DNG", "L1000001.JPG"],
    ["Apple", "IMG_0001.DNG", "IMG_0001.HEIC"],
    ["Google", "PXL_20240102_030405678.RAW-02.ORIGINAL.dng", "PXL_20240102_030405678.RAW-01.COVER.jpg"],
    ["any, in another case", "IMG_1.CR2", "img_1.jpeg"],
  ])("of %s: %s and %s", (_make, raw, picture) => {
    expect(key(raw)).toBe(key(picture));
    expect(halfOf(raw)).toBe("raw");
    expect(["jpeg", "heif"]).toContain(halfOf(picture));
  });

  test("a number behind the name makes it another photo", () => {
    expect(key("IMG_1.jpg")).not.toBe(key("IMG_1-2.CR3"));
    expect(key("IMG_1.jpg")).not.toBe(key("IMG_10.CR3"));
    expect(key("_DSC1234.NEF")).not.toBe(key("DSC_1234.JPG"));
  });

  test("a PNG, a TIFF, a temp name are no half of a pair", () => {
    expect(["IMG_1.png", "IMG_1.tif", ".IMG_1.jpg", "IMG_1.CR3.part"].map((name) => halfOf(name))).toEqual(
      Array(4).fill(undefined),
    );
  });
});

describe("what becomes of a half", () => {
  test("the better one never waits, whatever is beside it", () => {
    expect(role("a.jpg", [], "jpeg")).toEqual({ kind: "take" });
    expect(role("a.jpg", [mate("a.CR3", "coming")], "jpeg")).toEqual({ kind: "take" });
    expect(role("a.CR3", [mate("a.jpg", "coming")], "raw")).toEqual({ kind: "take" });
  });

  test("the other belongs to what was graded, in either order", () => {
    expect(role("a.CR3", [mate("A.JPG", "graded")], "jpeg")).toEqual({ kind: "belongs", to: "A.JPG" });
    expect(role("A.JPG", [mate("a.CR3", "graded")], "jpeg")).toEqual({ kind: "belongs", to: "a.CR3" });
    expect(role("A.JPG", [mate("a.CR3", "graded")], "raw")).toEqual({ kind: "belongs", to: "a.CR3" });
  });

  test("alone, it waits so long and is then taken", () => {
    expect(role("a.CR3", [], "jpeg", 9_999)).toEqual({ kind: "wait" });
    expect(role("a.CR3", [], "jpeg", 10_000)).toEqual({ kind: "take" });
    expect(role("a.jpg", [], "raw", 9_999)).toEqual({ kind: "wait" });
    expect(role("a.jpg", [], "raw", 10_000)).toEqual({ kind: "take" });
  });

  test("a half that is still being written is waited for, one that stands still without an end is not", () => {
    expect(role("a.CR3", [mate("a.jpg", "coming")], "jpeg", 60_000)).toEqual({ kind: "wait" });
    expect(role("a.CR3", [mate("a.jpg", "incomplete")], "jpeg", 60_000)).toEqual({ kind: "take" });
  });

  test("beside one that could not be graded it is taken at once", () => {
    expect(role("a.CR3", [mate("a.jpg", "lost")], "jpeg")).toEqual({ kind: "take" });
    expect(role("a.jpg", [mate("a.CR3", "lost")], "jpeg")).toEqual({ kind: "take" });
    expect(role("a.jpg", [mate("a.CR3", "belongs")], "jpeg")).toEqual({ kind: "take" });
  });

  test("of JPEG, HEIF and RAW one is graded; JPEG and HEIF alone are two photos", () => {
    const three = [mate("a.jpg", "graded"), mate("a.CR3", "coming")];
    expect(role("a.hif", three, "jpeg")).toEqual({ kind: "belongs", to: "a.jpg" });
    expect(role("a.hif", [mate("a.jpg", "graded")], "jpeg")).toEqual({ kind: "take" });
  });

  test("two files of one kind are two photos", () => {
    expect(role("a.jpeg", [mate("a.jpg", "graded"), mate("a.CR3", "belongs")], "jpeg")).toEqual({ kind: "take" });
  });
});

test("the sentence of a sighting says whose it is", () => {
  expect(belongsTo("IMG.1.JPG" as PathText)).toBe("Belongs to IMG.1.JPG.");
  expect(ownerIn("Belongs to IMG.1.JPG.")).toBe("IMG.1.JPG");
  expect([ownerIn(null), ownerIn("The link leads out of the inbox.")]).toEqual([undefined, undefined]);
});

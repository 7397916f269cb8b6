import { expect, test } from "vitest";
import { agree, outputWith } from "../../../src/cli/output-options.ts";

const plain = { format: "same", quality: null } as const;

test("nothing asked for changes nothing, and asking for what is there leaves no trace", () => {
  expect(outputWith(plain, {})).toEqual(plain);
  expect(outputWith(plain, { profile: "keep", "bit-depth": "same" })).toEqual(plain);
  expect(outputWith({ ...plain, profile: "srgb", resize: 100 }, { profile: "keep" })).toEqual({
    ...plain,
    resize: 100,
  });
});

test("what is asked for goes before what the inbox says", () => {
  const given = { format: "tiff", quality: 80, resize: 2_000, profile: "p3", "bit-depth": "16" } as const;
  const asked = { format: "tiff", quality: 80, resize: 2_000, profile: "p3", bitDepth: 16 };
  expect(outputWith({ ...plain, profile: "srgb", resize: 100, bitDepth: 8 }, given)).toEqual(asked);
});

test("a depth that the format has not is refused; the inbox's own goes when its format goes", () => {
  const error = { code: "usage", message: "--bit-depth 16: JPEG holds 8 bits, not 16; TIFF and PNG do" };
  expect(() => outputWith({ ...plain, format: "jpeg" }, { "bit-depth": "16" })).toThrow(expect.objectContaining(error));
  expect(outputWith({ format: "avif", quality: null, bitDepth: 10 }, { format: "jpeg" })).toEqual({
    ...{ format: "jpeg", quality: null },
  });
});

test("a file's name and --format must agree, and nothing writes HEIC", () => {
  expect(() => agree("a.jpg", "jpeg", "jpeg")).not.toThrow();
  expect(() => agree("graded", undefined, "avif")).not.toThrow();
  expect(() => agree("a.jpg", "jpeg", "avif")).toThrow("--out a.jpg says JPEG and --format says avif");
  expect(() => agree("a.HEIC", undefined, undefined)).toThrow("hotgrade writes no HEIC; name a .jpg or .avif");
});

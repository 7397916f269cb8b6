import { expect, expectTypeOf, test } from "vitest";
import { type OptionTable, readOptions, requireOptions } from "../../../src/cli/options.ts";

const TABLE = {
  out: { kind: "text", short: "o", value: "FILE", required: true, about: "" },
  size: { kind: "number", value: "N", min: 2, max: 129, whole: true, fallback: 33, about: "" },
  strength: { kind: "number", value: "S", min: -1, max: 1, about: "" },
  rounding: { kind: "choice", value: "HOW", of: ["rounded", "truncated"], about: "" },
  tag: { kind: "text", value: "TAG", many: true, about: "" },
  json: { kind: "flag", about: "" },
} as const satisfies OptionTable;

const read = (...words: string[]) => readOptions(TABLE, words);

test("values have the types of their table", () => {
  const { values, words } = read(
    "a.jpg",
    "-o",
    "x.cube",
    "--strength",
    "-0.5",
    "b.jpg",
    "--tag=1",
    "--tag",
    "2",
    "--json",
  );
  expect(words).toEqual(["a.jpg", "b.jpg"]);
  expect(values).toEqual({ out: "x.cube", size: 33, strength: -0.5, rounding: undefined, tag: ["1", "2"], json: true });
  expectTypeOf(values.out).toEqualTypeOf<string>();
  expectTypeOf(values.size).toEqualTypeOf<number>();
  expectTypeOf(values.rounding).toEqualTypeOf<"rounded" | "truncated" | undefined>();
  expectTypeOf(values.tag).toEqualTypeOf<readonly string[]>();
  expectTypeOf(values.json).toEqualTypeOf<boolean>();
});

test("after two dashes every word is a name", () => {
  expect(read("-o", "x", "--", "--json", "-weird.jpg").words).toEqual(["--json", "-weird.jpg"]);
});

test.each([
  [["--ot", "x"], "unknown option --ot; did you mean --out?"],
  [["--toString"], "unknown option --toString"],
  [["-x"], "unknown option -x"],
  [["--out"], "--out needs a value: --out FILE"],
  [["--out", "--json"], "--out needs a value: --out FILE"],
  [["--out="], "--out needs a value: --out FILE"],
  [["--json=yes"], "--json takes no value"],
  [["--out", "a", "-o", "b"], "-o is given twice"],
  [["--size", "big"], "--size is a whole number from 2 to 129, not big"],
  [["--size", "33.5"], "--size is a whole number from 2 to 129, not 33.5"],
  [["--strength", "0x1"], "--strength is a number from -1 to 1, not 0x1"],
  [["--rounding", "truncted"], "--rounding is one of rounded, truncated, not truncted; did you mean truncated?"],
])("%j is refused", (words, message) => {
  expect(() => read(...words)).toThrow(expect.objectContaining({ code: "usage", message }));
});

test("a value that begins with a dash is given after an equals sign", () => {
  expect(read("--out=-x").values.out).toBe("-x");
});

test("a required option is asked for", () => {
  expect(() => requireOptions(TABLE, read().values)).toThrow("--out FILE is missing");
});

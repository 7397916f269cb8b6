import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AppError } from "../../../src/core/errors.ts";
import { formatCube, parseCube } from "../../../src/core/lut/cube.ts";
import { identity } from "../../../src/core/lut/lattice.ts";
import { sampleTetrahedral } from "../../../src/core/lut/sample.ts";
import { latticeNamed } from "../../support/looks.ts";
import { chance } from "../../support/pictures.ts";

const ROWS = ["0 0 0", "1 0 0", "0 1 0", "1 1 0", "0 0 1", "1 0 1", "0 1 1", "1 1 1"];
const cube = (...head: string[]) => [...head, ...ROWS].join("\n");

function complaint(text: string): string {
  try {
    parseCube(text);
  } catch (error) {
    if (error instanceof AppError && error.code === "cube-invalid") return error.message;
    throw error;
  }
  return "none";
}

/** The greatest difference between two lattices' values. */
function apart(one: Float32Array, other: Float32Array): number {
  return one.reduce((most, value, q) => Math.max(most, Math.abs(value - other[q]!)), 0);
}

describe("writing", () => {
  test("the head names title, size and domain, in this order", () => {
    const text = formatCube(identity(2), { title: "Warm", comments: ["Colour space: sRGB", "Job: 7"] });
    expect(text.split("\n").slice(0, 7)).toEqual([
      'TITLE "Warm"',
      "# Colour space: sRGB",
      "# Job: 7",
      "LUT_3D_SIZE 2",
      "DOMAIN_MIN 0 0 0",
      "DOMAIN_MAX 1 1 1",
      "0.000000 0.000000 0.000000",
    ]);
    expect(text.split("\n")[7]).toBe("1.000000 0.000000 0.000000");
    expect(text.endsWith("1.000000 1.000000 1.000000\n")).toBe(true);
  });

  test("tiny numbers have no exponent, and nothing is minus zero", () => {
    const values = identity(2).values;
    values.set([1e-9, -1e-9, -0.25]);
    expect(formatCube({ n: 2, values }, { title: "" })).toContain("\n0.000000 0.000000 -0.250000\n");
  });

  test("rows of every spelling are the numbers that JavaScript reads", () => {
    const random = chance(11);
    const spellings = [
      (value: number) => value.toFixed(6),
      (value: number) => value.toFixed(15),
      (value: number) => value.toFixed(18),
      (value: number) => String(value),
      (value: number) => value.toFixed(7).replace(/^0/, ""),
      (value: number) => `-${value.toFixed(4)}`,
      (value: number) => value.toExponential(5),
      () => "1.",
      () => "1",
    ];
    const ends = ["\n", "\r\n", "\r", " \n", "\n\n", "\n# remark\n"];
    const gaps = [" ", "  ", "\t"];
    const pick = <T>(list: readonly T[]): T => list[Math.floor(list.length * random())]!;
    const words = Array.from({ length: 3 * 9 ** 3 }, () => pick(spellings)(random()));
    const rows = Array.from(
      { length: 9 ** 3 },
      (_, row) => words.slice(3 * row, 3 * row + 3).join(pick(gaps)) + pick(ends),
    );
    const { lattice } = parseCube(`LUT_3D_SIZE 9\n${rows.join("")}`);
    expect([...lattice.values]).toEqual(words.map((word) => Math.fround(Number(word))));
  });

  test("a wrong row after thousands of plain ones is named by its own line", () => {
    const lines = formatCube(identity(17), { title: "x" }).trimEnd().split("\n");
    const broken = [...lines.slice(0, 3_000), "0.1 0.2 oops", ...lines.slice(3_001)];
    expect(() => parseCube(broken.join("\n"))).toThrow(/^line 3001: /);
    expect(() => parseCube(lines.slice(0, -1).join("\n"))).toThrow(/4912 of 4913 rows/);
    expect(() => parseCube([...lines, "1 1 1"].join("\n"))).toThrow(/more than 4913 rows/);
  });

  test("every value is written as toFixed(6) would", () => {
    const { values } = identity(33);
    const written = formatCube({ n: 33, values }, { title: "" }).trim().split("\n").slice(4).join(" ").split(" ");
    expect(written).toEqual([...values].map((value) => value.toFixed(6)));
  });

  test("titles and comments cannot break out of their line", () => {
    const text = formatCube(identity(2), { title: 'a"b\nLUT_1D_SIZE 4 — é', comments: ["x\r\nLUT_3D_SIZE 9"] });
    expect(text).toMatch(/^TITLE "a'b LUT_1D_SIZE 4 \? \?"\n# x LUT_3D_SIZE 9\nLUT_3D_SIZE 2\n/);
    expect(parseCube(text).lattice).toEqual(identity(2));
  });

  test("a lattice that is not finite is refused", () => {
    const values = identity(2).values.fill(Number.NaN, 0, 1);
    expect(() => formatCube({ n: 2, values }, { title: "" })).toThrow(expect.objectContaining({ code: "internal" }));
  });

  test("what was written reads back to the sixth decimal", () => {
    const lattice = latticeNamed("tealOrange", 17);
    const read = parseCube(formatCube(lattice, { title: "Teal" }));
    expect(read).toMatchObject({ title: "Teal", kind: "3D", size: 17 });
    expect(apart(read.lattice.values, lattice.values)).toBeLessThan(6e-7);
  });
});

describe("reading what others write", () => {
  test.each([
    ["no title and no domain", cube("LUT_3D_SIZE 2")],
    ["CRLF line ends", cube("LUT_3D_SIZE 2").replaceAll("\n", "\r\n")],
    ["a byte order mark", `\uFEFF${cube("LUT_3D_SIZE 2")}`],
    ["tabs and blanks", cube("\tLUT_3D_SIZE\t2  ").replaceAll(" ", "\t ")],
    ["comments and empty lines between", cube("# one", "", "LUT_3D_SIZE 2", "  # two", "")],
    ["an unquoted title", cube("TITLE a look", "LUT_3D_SIZE 2")],
    [
      "exponents and leading points",
      cube("LUT_3D_SIZE 2").replaceAll(/\b0\b/g, ".0e-5").replaceAll(/\b1\b/g, "+1.e+0"),
    ],
    ["a domain of 0 … 1", cube("LUT_3D_SIZE 2", "DOMAIN_MIN 0.0 0 0", "DOMAIN_MAX 1 1.0 1")],
    ["an input range of 0 … 1", cube("LUT_3D_SIZE 2", "LUT_3D_INPUT_RANGE 0.0 1.0")],
    ["small letters", cube("lut_3d_size 2")],
    ["blank lines at the end", `${cube("LUT_3D_SIZE 2")}\n\n \n`],
  ])("%s", (_, text) => {
    expect(parseCube(text).lattice).toEqual(identity(2));
  });

  test("a title keeps its words and loses its quotes", () => {
    expect(parseCube(cube('TITLE "Kodak 2383 # D65"', "LUT_3D_SIZE 2")).title).toBe("Kodak 2383 # D65");
  });

  test("a narrower domain means that its ends are the table's ends", () => {
    const { lattice, domainMax } = parseCube(cube("LUT_3D_SIZE 2", "DOMAIN_MIN 0.25 0 0", "DOMAIN_MAX 0.75 1 2"));
    expect(domainMax).toEqual([0.75, 1, 2]);
    const [r, g, b] = sampleTetrahedral(lattice, [0.5, 0.25, 0.5]);
    expect(r).toBeCloseTo(0.5, 5);
    expect(g).toBeCloseTo(0.25, 5);
    expect(b).toBeCloseTo(0.25, 5);
    expect(sampleTetrahedral(lattice, [0.1, 0, 0])[0]).toBeCloseTo(0, 5);
    expect(sampleTetrahedral(lattice, [0.9, 0, 0])[0]).toBeCloseTo(1, 5);
  });

  test("a 1D table bends each channel on its own", () => {
    const { lattice, kind, size } = parseCube("LUT_1D_SIZE 3\n0 1 0\n0.25 0.5 0.8\n1 0 1\n");
    expect({ kind, size }).toEqual({ kind: "1D", size: 3 });
    const [r, g, b] = sampleTetrahedral(lattice, [0.25, 0.75, 0.5]);
    expect(r).toBeCloseTo(0.125, 5);
    expect(g).toBeCloseTo(0.25, 5);
    expect(b).toBeCloseTo(0.8, 5);
  });
});

describe("refusing the rest, by line", () => {
  test.each([
    ["a word among the numbers", cube("LUT_3D_SIZE 2").replace("1 1 0", "1 x 0"), /^line 5: "x" is not a number/],
    ["NaN", cube("LUT_3D_SIZE 2").replace("0 0 0", "NaN 0 0"), /^line 2: "NaN" is not a number/],
    ["infinity", cube("LUT_3D_SIZE 2").replace("0 0 0", "0 1e999 0"), /^line 2: "1e999"/],
    ["too few rows", cube("LUT_3D_SIZE 3"), /^line 9: the file ends after 8 of 27 rows/],
    ["too many rows", `${cube("LUT_3D_SIZE 2")}\n0 0 0`, /^line 10: more than 8 rows/],
    ["two numbers", cube("LUT_3D_SIZE 2").replace("0 1 1", "0 1"), /^line 8: 3 numbers/],
    ["an unknown keyword", cube("LUT_3D_SIZE 2", "GAMMA 2.2"), /^line 2: the keyword "GAMMA" is unknown/],
    ["both 1D and 3D", cube("LUT_3D_SIZE 2", "LUT_1D_SIZE 8"), /^line 2: a second size/],
    ["rows before the size", cube(), /^line 1: a row of numbers before/],
    [
      "a keyword after rows",
      `${ROWS[0]}\n`.replace(/^/, "LUT_3D_SIZE 2\n").concat("TITLE x"),
      /^line 3: "TITLE" after/,
    ],
    ["size 1", cube("LUT_3D_SIZE 1"), /^line 1: a 3D size is one whole number from 2 to 129/],
    ["size 130", cube("LUT_3D_SIZE 130"), /^line 1/],
    ["size 2.0", cube("LUT_3D_SIZE 2.0"), /^line 1/],
    ["a domain that ends before it starts", cube("LUT_3D_SIZE 2", "DOMAIN_MIN 1 1 1"), /^line 3: the domain's end/],
    ["a range and a domain", cube("LUT_3D_INPUT_RANGE 0 1", "DOMAIN_MIN 0 0 0"), /^line 2: both/],
    ["an empty file", "", /^line 0: the file ends without a table/],
    ["a JPEG", "\u00ff\u00d8\u00ff\u00e0\u0000\u0010JFIF", /^line 1/],
    ["one endless line", "0".repeat(5_000), /^line 1: longer/],
  ])("%s", (_, text, expected) => {
    expect(complaint(text)).toMatch(expected);
  });
});

describe("any input", () => {
  const word = fc.oneof(
    fc.constantFrom(
      "LUT_3D_SIZE",
      "LUT_1D_SIZE",
      "TITLE",
      "DOMAIN_MIN",
      "DOMAIN_MAX",
      "LUT_3D_INPUT_RANGE",
      "#",
      '"',
      "2",
      "3",
    ),
    fc.double({ noDefaultInfinity: false }).map(String),
    fc.integer({ min: -2, max: 200 }).map(String),
    fc.string({ maxLength: 8 }),
  );
  const line = fc.array(word, { maxLength: 5 }).map((words) => words.join(" "));
  const file = fc.array(line, { maxLength: 20 }).map((lines) => lines.join("\n"));

  test("parses or is refused as cube-invalid, whatever it is", () => {
    fc.assert(
      fc.property(fc.oneof(file, fc.string({ unit: "binary", maxLength: 300 })), (text) => {
        const said = complaint(text);
        expect(said === "none" || said.startsWith("line ")).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  test("a valid file with one character changed parses or is refused", () => {
    const valid = cube('TITLE "x"', "LUT_3D_SIZE 2", "DOMAIN_MIN 0 0 0", "DOMAIN_MAX 1 1 1");
    fc.assert(
      fc.property(fc.nat(valid.length - 1), fc.string({ unit: "binary", maxLength: 1 }), (at, character) => {
        complaint(valid.slice(0, at) + character + valid.slice(at + 1));
      }),
      { numRuns: 1_000 },
    );
  });

  test("any finite lattice survives writing and reading", () => {
    const values = fc.float32Array({ min: -2, max: 2, noNaN: true, minLength: 24, maxLength: 24 });
    fc.assert(
      fc.property(values, fc.string(), (numbers, title) => {
        const read = parseCube(formatCube({ n: 2, values: numbers }, { title, comments: [title] }));
        expect(apart(read.lattice.values, numbers)).toBeLessThan(1e-6);
      }),
    );
  });
});

import { createHash } from "node:crypto";
import { deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { identity, latticeOf, resample } from "../../../src/core/lut/lattice.ts";
import { formatProfile } from "../../../src/core/lut/lightroom.ts";
import { fromDigits, readProfile } from "../../support/lightroom.ts";
import { LOOK_NAMES, latticeNamed } from "../../support/looks.ts";
import { chance } from "../../support/pictures.ts";

const TOOLS = {
  md5: (bytes: Uint8Array) => createHash("md5").update(bytes).digest("hex"),
  deflate: (bytes: Uint8Array) => deflateSync(bytes),
};
const NAMES = { name: "Teal", group: "hotgrade" };
const profile = (lattice: Parameters<typeof formatProfile>[0], names = NAMES) => formatProfile(lattice, names, TOOLS);

function apart(one: Float32Array, other: Float32Array): number {
  expect(one.length).toBe(other.length);
  return one.reduce((most, value, q) => Math.max(most, Math.abs(value - other[q]!)), 0);
}

describe("the table", () => {
  test.each(LOOK_NAMES)("%s comes back within half a 16-bit step", (name) => {
    const lattice = latticeNamed(name, 17);
    expect(apart(readProfile(profile(lattice)).lattice.values, lattice.values)).toBeLessThanOrEqual(0.51 / 65_535);
  });

  test("any values come back, whatever their distance from the look that changes nothing", () => {
    const random = chance(11);
    for (const n of [2, 3, 31, 32]) {
      const lattice = latticeOf(n, () => [random(), random(), random()]);
      expect(apart(readProfile(profile(lattice)).lattice.values, lattice.values)).toBeLessThanOrEqual(0.51 / 65_535);
    }
  });

  test("a larger look is resampled to 32 nodes, a smaller one kept", () => {
    const read = readProfile(profile(latticeNamed("warm", 33))).lattice;
    expect(read.n).toBe(32);
    expect(apart(read.values, resample(latticeNamed("warm", 33), 32).values)).toBeLessThan(1 / 65_535);
    expect(readProfile(profile(identity(5))).lattice.n).toBe(5);
  });

  test("values outside 0 … 1, and what is no number, are clipped", () => {
    const wild = { n: 2, values: Float32Array.from({ length: 24 }, (_, q) => [-1, 0.5, 2, Number.NaN][q % 4]!) };
    const [low, middle, high, none] = readProfile(profile(wild)).lattice.values;
    expect([low, high, none]).toEqual([0, 1, 0]);
    expect(middle).toBeCloseTo(0.5, 4);
  });

  test("the look that changes nothing has no differences to store but rounding", () => {
    const { attributes } = readProfile(profile(identity(32)));
    expect(fromDigits(attributes[`Table_${attributes.RGBTable}`]!).length).toBeLessThan(2_000);
  });

  test("it is for sRGB, goes on outside the gamut, and its slider runs from 0 to 200 %", () => {
    expect(readProfile(profile(identity(2)))).toMatchObject({ primaries: 0, gamma: 1, gamut: 1, amount: [0, 2] });
  });

  test("red is outermost: the second triple of the table is the node of the next blue, less what changes nothing", () => {
    let table = new Uint8Array();
    const keep = (bytes: Uint8Array) => {
      table = Uint8Array.from(bytes);
      return deflateSync(bytes);
    };
    const lattice = latticeOf(3, (r, g, b) => [r, g, r === 0 && g === 0 && b === 0.5 ? 0.25 : b]);
    formatProfile(lattice, NAMES, { ...TOOLS, deflate: keep });
    const view = new DataView(table.buffer);
    expect([0, 2, 4].map((at) => view.getUint16(16 + 6 + at, true))).toEqual([0, 0, 16_384 - 32_768 + 65_536]);
  });
});

describe("the digits", () => {
  test.each([0, 1, 2, 3, 4, 5, 6, 7, 8])("%i bytes after the length come back", (count) => {
    const bytes = Uint8Array.from({ length: count }, (_, k) => 255 - 37 * k);
    const attributes = attributesOf(formatProfile(identity(2), NAMES, { ...TOOLS, deflate: () => bytes }));
    const text = attributes[`Table_${attributes.RGBTable}`]!;
    expect([...fromDigits(text).subarray(4)]).toEqual([...bytes]);
    expect(text).toHaveLength(5 + 5 * Math.floor(count / 4) + (count % 4 === 0 ? 0 : (count % 4) + 1));
  });

  test("a worked value: the length 92 is the digits 7, 1, 0, 0, 0", () => {
    const text = attributesOf(formatProfile(identity(2), NAMES, { ...TOOLS, deflate: () => new Uint8Array() }));
    expect(text[`Table_${text.RGBTable}`]).toBe("71000");
  });
});

describe("the file", () => {
  test("says what Camera Raw asks of a look", () => {
    const { attributes, name, group } = readProfile(profile(latticeNamed("faded", 9)));
    expect({ name, group }).toEqual(NAMES);
    expect(attributes).toMatchObject({
      PresetType: "Look",
      UUID: expect.stringMatching(/^[0-9A-F]{32}$/),
      RGBTable: expect.stringMatching(/^[0-9A-F]{32}$/),
      SupportsAmount: "True",
      SupportsColor: "True",
      SupportsMonochrome: "True",
      SupportsOutputReferred: "True",
      HasSettings: "True",
    });
  });

  test("the same look under the same name is the same profile; another name or look is another", () => {
    const uuid = (text: string) => readProfile(text).attributes.UUID;
    const first = profile(latticeNamed("faded", 9));
    expect(profile(latticeNamed("faded", 9))).toBe(first);
    expect(uuid(profile(latticeNamed("faded", 9), { ...NAMES, name: "Other" }))).not.toBe(uuid(first));
    expect(uuid(profile(latticeNamed("warm", 9)))).not.toBe(uuid(first));
  });

  test("a name cannot break out of its element", () => {
    const name = 'Day & <Night> "für immer" ]]>';
    const text = profile(identity(2), { ...NAMES, name: `${name}\u0001\ud800` });
    expect(readProfile(text).name).toBe(`${name} \ufffd`);
    expect(text).not.toContain("<Night>");
    expect(text).not.toContain("]]>");
  });
});

const attributesOf = (text: string): Record<string, string> =>
  Object.fromEntries([...text.matchAll(/\bcrs:(\w+)="([^"]*)"/g)].map(([, key, value]) => [key!, value!]));

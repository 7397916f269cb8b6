import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Ending, endingOf } from "../../../src/core/inbox/endings.ts";

type Read = { ending: Ending; bytesRead: number; reads: number };

async function endingIn(bytes: Uint8Array, sizeBytes = bytes.length): Promise<Read> {
  const read: Read = { ending: { kind: "unknown", reason: "" }, bytesRead: 0, reads: 0 };
  read.ending = await endingOf(async (offset, length) => {
    read.reads++;
    read.bytesRead += length;
    return bytes.subarray(offset, offset + length);
  }, sizeBytes);
  return read;
}
const kindOf = async (bytes: Uint8Array): Promise<string> => (await endingIn(bytes)).ending.kind;

const join = (...parts: readonly (Uint8Array | readonly number[] | string)[]): Uint8Array =>
  Uint8Array.from(
    Buffer.concat(
      parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : Uint8Array.from(part))),
    ),
  );
const zeros = (count: number): Uint8Array => new Uint8Array(count);
const u16 = (value: number): number[] => [value >> 8, value & 255];
const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value & 0xffff)];

const segment = (marker: number, body: Uint8Array | readonly number[]): Uint8Array =>
  join([0xff, marker], u16(body.length + 2), body);
const entropy = (length: number): Uint8Array => {
  const bytes = Uint8Array.from({ length }, (_, at) => (at * 131) & 0x7f);
  for (let at = 100; at + 4 < length; at += 997) bytes.set([0xff, 0x00, 0xff, 0xd0 + (at % 8)], at);
  return bytes;
};
const thumbnail = join([0xff, 0xd8], entropy(50), [0xff, 0xd9]);
/** A progressive JPEG: a thumbnail in APP1, two scans with a table between, stuffing, restarts, fill. */
const jpeg = (scanBytes = 3_000): Uint8Array =>
  join(
    [0xff, 0xd8],
    segment(0xe1, join("Exif\0\0", thumbnail)),
    segment(0xc2, [8, 0, 1, 0, 1, 1]),
    segment(0xda, [1, 1, 0]),
    entropy(scanBytes),
    [0xff, 0xff],
    segment(0xc4, [0]),
    segment(0xda, [1, 1, 0]),
    entropy(scanBytes),
    [0xff, 0xd9],
  );

const chunk = (type: string, body: Uint8Array): Uint8Array => join(u32(body.length), type, body, [1, 2, 3, 4]);
const png = (): Uint8Array =>
  join(
    [0x89],
    "PNG\r\n\x1a\n",
    chunk("IHDR", zeros(13)),
    chunk("IDAT", entropy(40_000)),
    chunk("IDAT", entropy(9_000)),
    chunk("IEND", zeros(0)),
  );

const box = (type: string, body: Uint8Array): Uint8Array => join(u32(body.length + 8), type, body);
const long = (type: string, body: Uint8Array): Uint8Array => join(u32(1), type, u32(0), u32(body.length + 16), body);
const heic = (): Uint8Array =>
  join(box("ftyp", join("heic", zeros(4))), box("meta", entropy(300)), long("mdat", entropy(5_000)));

const webp = (): Uint8Array => {
  const body = join("WEBPVP8 ", [0x88, 0x13, 0, 0], entropy(5_000));
  return join("RIFF", [body.length & 255, body.length >> 8, 0, 0], body);
};

type Entry = readonly [tag: number, type: number, count: number, value: number];
function ifd(entries: readonly Entry[], next: number): Uint8Array {
  return join(
    u16(entries.length),
    ...entries.map(([tag, type, count, value]) =>
      join(u16(tag), u16(type), u32(count), type === 3 ? join(u16(value), [0, 0]) : u32(value)),
    ),
    u32(next),
  );
}
/** Big-endian: header, two IFDs (the second a SubIFD), then strip tables and strips. */
function tiff(changes: { stripAt?: number; sub?: number; next?: number; noteCount?: number } = {}): Uint8Array {
  const subAt = 8 + 2 + 5 * 12 + 4;
  const tablesAt = subAt + 2 + 2 * 12 + 4;
  const stripsAt = tablesAt + 16;
  const first: Entry[] = [
    [256, 3, 1, 10],
    [273, 4, 2, tablesAt],
    [279, 4, 2, tablesAt + 8],
    [330, 4, 1, changes.sub ?? subAt],
    [37500, 7, changes.noteCount ?? 40, stripsAt],
  ];
  const sub: Entry[] = [
    [324, 4, 1, stripsAt],
    [325, 4, 1, 900],
  ];
  return join(
    "MM\0*",
    u32(8),
    ifd(first, changes.next ?? 0),
    ifd(sub, 0),
    u32(stripsAt),
    u32(changes.stripAt ?? stripsAt + 1_000),
    u32(1_000),
    u32(1_000),
    entropy(2_000),
  );
}

const FORMATS = { jpeg: jpeg(), png: png(), heic: heic(), webp: webp(), tiff: tiff() };

describe("the end of a format", () => {
  for (const [name, whole] of Object.entries(FORMATS)) {
    test(`${name}: whole is complete, every cut is not`, async () => {
      expect((await endingIn(whole)).ending).toMatchObject({ kind: "complete" });
      for (let length = 24; length < whole.length; length += Math.max(1, Math.floor(whole.length / 200)))
        expect([length, await kindOf(whole.subarray(0, length))]).toEqual([length, "incomplete"]);
      expect(await kindOf(whole.subarray(0, -1))).toBe("incomplete");
    });

    test(`${name}: space reserved and filled from the start is not complete until it is full`, async () => {
      for (let length = 0; length < whole.length - 600; length += Math.max(1, Math.floor(whole.length / 200))) {
        const reserved = zeros(whole.length);
        reserved.set(whole.subarray(0, length));
        expect([length, await kindOf(reserved)]).not.toEqual([length, "complete"]);
      }
    });
  }

  test("a trailer behind the end marker is complete; zeros alone cannot be told", async () => {
    for (const whole of [FORMATS.jpeg, FORMATS.png]) {
      expect(await kindOf(join(whole, "MotionPhoto_Data", entropy(700_000)))).toBe("complete");
      expect(await kindOf(join(whole, zeros(600_000), [1]))).toBe("complete");
      expect(await kindOf(join(whole, zeros(600_000)))).toBe("unknown");
    }
  });

  test("the end marker of a thumbnail is not the end of the picture", async () => {
    const cut = FORMATS.jpeg.subarray(0, FORMATS.jpeg.length - 2);
    expect(Buffer.from(cut).includes(Buffer.from([0xff, 0xd9]))).toBe(true);
    expect((await endingIn(cut)).ending).toEqual({ kind: "incomplete", reason: "the JPEG stops before its end" });
  });

  test("scans longer than one reading are walked, wherever the readings meet", async () => {
    for (const length of [262_144, 262_143, 262_100, 262_000, 600_000]) {
      const whole = jpeg(length);
      const { ending, bytesRead } = await endingIn(whole);
      expect(ending.kind).toBe("complete");
      expect(bytesRead).toBeLessThan(whole.length + 200_000);
      expect(await kindOf(whole.subarray(0, -1))).toBe("incomplete");
    }
  });

  test("a file whose start is all zeros is not written yet, and an empty one neither", async () => {
    expect(await kindOf(join(zeros(16), entropy(100)))).toBe("incomplete");
    expect(await kindOf(zeros(3))).toBe("incomplete");
    expect(await kindOf(zeros(0))).toBe("incomplete");
  });

  test("what is no picture cannot be told", async () => {
    for (const text of [
      "hi",
      "These are not pixels, though the name says so.",
      "GIF89a0123456789",
      "<html></html>      ",
    ])
      expect(await kindOf(join(text))).toBe("unknown");
  });

  test("TIFF: strips, tiles, values, directories past the end are incomplete; unknown types are left alone", async () => {
    expect(await kindOf(tiff({ stripAt: 5_000 }))).toBe("incomplete");
    expect(await kindOf(tiff({ sub: 5_000 }))).toBe("incomplete");
    expect(await kindOf(tiff({ next: 5_000 }))).toBe("incomplete");
    expect(await kindOf(tiff({ noteCount: 100_000 }))).toBe("incomplete");
    expect(await kindOf(join("II*\0", zeros(4), entropy(100)))).toBe("incomplete");
  });

  test("TIFF: directories that lead to themselves end", async () => {
    expect(await kindOf(tiff({ next: 8 }))).toBe("complete");
    expect(await kindOf(tiff({ sub: 8 }))).toBe("complete");
  });

  test("a file that became shorter meanwhile is incomplete", async () => {
    for (const whole of Object.values(FORMATS))
      expect((await endingIn(whole.subarray(0, 200), whole.length)).ending.kind).toBe("incomplete");
  });

  test("what the disk says is passed on", async () => {
    const failing = endingOf(() => Promise.reject(new Error("EIO")), 100);
    await expect(failing).rejects.toThrow("EIO");
  });
});

describe("garbage", () => {
  const heads = [
    fc.constant(Uint8Array.from([0xff, 0xd8, 0xff])),
    fc.constant(join([0x89], "PNG\r\n\x1a\n")),
    fc.constant(join("RIFF")),
    fc.constant(join(u32(16), "ftypheic")),
    fc.constant(join("MM\0*", u32(8))),
    fc.constant(join("II*\0", [8, 0, 0, 0])),
    fc.constant(join("MM\0+", u16(8), u16(0), u32(0), u32(16))),
    fc.constant(zeros(0)),
  ];
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 4_000 }),
    fc
      .array(fc.constantFrom(0, 1, 4, 8, 0xff, 0xd8, 0xd9, 0xda, 0x11, 0x49), { maxLength: 4_000 })
      .map((list) => Uint8Array.from(list)),
  );

  test("never throws and never reads out of proportion", async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(...heads), noise, async (head, rest) => {
        const bytes = join(head, rest);
        const { bytesRead } = await endingIn(bytes);
        expect(bytesRead).toBeLessThanOrEqual(2 * bytes.length + 1024 * 1024);
      }),
      { numRuns: 600 },
    );
  });

  test("a whole file with a few bytes changed never throws either", async () => {
    const change = fc.tuple(fc.nat(1_000_000), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...Object.values(FORMATS)),
        fc.array(change, { maxLength: 8 }),
        async (whole, changes) => {
          const bytes = whole.slice();
          for (const [at, value] of changes) bytes[at % Math.min(bytes.length, 400)] = value;
          const { bytesRead } = await endingIn(bytes);
          expect(bytesRead).toBeLessThanOrEqual(2 * bytes.length + 1024 * 1024);
        },
      ),
      { numRuns: 600 },
    );
  });

  test("files made to be slow are given up in time", async () => {
    const fill = new Uint8Array(8_000_000).fill(0xff);
    fill.set([0xff, 0xd8]);
    const repeated = (start: Uint8Array, part: Uint8Array, count: number): Uint8Array =>
      Uint8Array.from(Buffer.concat([start, ...new Array<Uint8Array>(count).fill(part)]));
    const segments = repeated(join([0xff, 0xd8]), join([0xff, 0xe0, 0, 2]), 60_000);
    const chunks = repeated(join([0x89], "PNG\r\n\x1a\n"), chunk("tEXt", zeros(0)), 300_000);
    const boxes = repeated(box("ftyp", zeros(8)), box("free", zeros(0)), 20_000);
    const begun = performance.now();
    expect(await kindOf(fill)).toBe("incomplete");
    expect(await kindOf(segments)).toBe("unknown");
    expect(await kindOf(chunks)).toBe("unknown");
    expect(await kindOf(boxes)).toBe("unknown");
    expect(performance.now() - begun).toBeLessThan(10_000);
  });

  test("a TIFF of many directories that hop through the file reads within its budget", async () => {
    const at = (index: number): number => 8 + ((index * 37) % 60) * 20_000;
    const bytes = new Uint8Array(8 + 60 * 20_000 + 100);
    bytes.set(join("MM\0*", u32(at(0))));
    for (let index = 0; index < 60; index++) bytes.set(ifd([[273, 4, 4_000, 8]], at(index + 1)), at(index));
    bytes[bytes.length - 1] = 1;
    const { bytesRead } = await endingIn(bytes);
    expect(bytesRead).toBeLessThanOrEqual(2 * bytes.length + 1024 * 1024);
  });
});

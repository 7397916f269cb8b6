import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  numberedNames,
  outboxFolder,
  outputStem,
  safePart,
  stemCandidates,
  stemKey,
  stemOf,
} from "../../../src/core/inbox/naming.ts";
import { decodePath, encodePath, type PathText } from "../../../src/core/inbox/path-text.ts";

const path = (text: string): PathText => text as PathText;
const bytes = (text: string): number => decodePath(path(text)).length;
const parts = {
  name: "IMG_1",
  suffix: "",
  look: "dusk",
  seed: "7",
  n: "0001",
  ext: "jpg",
  inbox: "wedding",
  folder: "",
  date: "2026-11-22",
  camera: "X-T5",
  time: "142530",
};

/** Names as disks have them: any bytes but "/" and NUL, at most 255. */
const diskName = fc
  .uint8Array({ min: 1, max: 255, minLength: 1, maxLength: 255 })
  .map((raw) => encodePath(raw.map((byte) => (byte === 0x2f ? 0x5f : byte))));
const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.string({ unit: "grapheme", maxLength: 200 }),
  diskName,
);

describe("stems", () => {
  test("a stem is the name without folder and last extension", () => {
    expect(stemOf(path("a/b/IMG_1.JPG"))).toBe("IMG_1");
    expect(stemOf(path("a.tar.gz"))).toBe("a.tar");
    expect(stemOf(path(".jpg"))).toBe(".jpg");
    expect(stemOf(path("plain"))).toBe("plain");
  });

  test("names that are one on some disk have one key", () => {
    expect(stemKey("IMG_1")).toBe(stemKey("img_1"));
    expect(stemKey("caf\u00e9")).toBe(stemKey("cafe\u0301"));
    expect(stemKey("Straße")).toBe(stemKey("STRASSE"));
    expect(stemKey("ΑΣ")).toBe(stemKey("ας"));
    expect(stemKey("IMG_1")).not.toBe(stemKey("IMG_2"));
  });

  test("a key does not depend on how its text was written", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), (text) => {
        expect(stemKey(stemKey(text))).toBe(stemKey(text));
        expect(stemKey(text.normalize("NFD"))).toBe(stemKey(text.normalize("NFC")));
      }),
    );
  });

  test("candidates are numbered behind the stem", () => {
    expect(stemCandidates(path("IMG_1"), 3)).toEqual(["IMG_1", "IMG_1-2", "IMG_1-3"]);
    expect(numberedNames(path("IMG_1.jpg"), 3)).toEqual(["IMG_1.jpg", "IMG_1-2.jpg", "IMG_1-3.jpg"]);
    expect(numberedNames(path("plain"), 2)).toEqual(["plain", "plain-2"]);
  });

  test("a long stem is cut between visible characters, and never inside an escape", () => {
    const family = "👨‍👩‍👧"; // 18 bytes, one visible character
    const [first, second] = stemCandidates(path(family.repeat(14)), 2);
    expect(first).toBe(family.repeat(11));
    expect(second).toBe(`${family.repeat(11)}-2`);
    const escaped = encodePath(new Uint8Array(250).fill(0xff));
    expect(stemCandidates(escaped, 1)[0]).toBe(encodePath(new Uint8Array(215).fill(0xff)));
  });

  test("candidates differ, leave 40 bytes of 255, and survive the disk", () => {
    fc.assert(
      fc.property(diskName, (name) => {
        const candidates = stemCandidates(stemOf(name), 12);
        expect(new Set(candidates.map(stemKey)).size).toBe(12);
        for (const each of candidates) {
          expect(bytes(each)).toBeLessThanOrEqual(215);
          expect(encodePath(decodePath(each))).toBe(each);
        }
        const names = numberedNames(name, 12);
        expect(new Set(names).size).toBe(12);
        expect(names[0]).toBe(name);
        for (const each of names) expect(bytes(each)).toBeLessThanOrEqual(255);
      }),
    );
  });

  test("a name is the same text whatever is written behind it", () => {
    const name = encodePath(Uint8Array.of(0xf0, 0xc2, 0x80));
    const numbered = stemCandidates(name, 2)[1]!;
    expect(numbered).toBe(`${name}-2`);
    expect(encodePath(decodePath(numbered))).toBe(numbered);
  });

  test("thousands of candidates of a long name differ", () => {
    expect(new Set(stemCandidates(path("é".repeat(125)))).size).toBe(9_999);
  });
});

describe("output names", () => {
  test("a template names the stem; the extension is the writer's", () => {
    expect(outputStem("{name}{suffix}.{ext}", { ...parts, suffix: "_graded" })).toBe("IMG_1_graded");
    expect(outputStem("{date} {camera} {name}.{ext}", parts)).toBe("2026-11-22 X-T5 IMG_1");
    expect(outputStem("{inbox}-{folder}-{name}", { ...parts, folder: "a/b" })).toBe("wedding-a_b-IMG_1");
    expect(outputStem("{name}-{ext}.{ext}", parts)).toBe("IMG_1-jpg");
  });

  test("an unknown placeholder stays, and a value is not a template again", () => {
    expect(outputStem("{nome}", parts)).toBe("{nome}");
    expect(outputStem("{name}", { ...parts, name: "{date}" })).toBe("{date}");
    expect(outputStem("{constructor}", parts)).toBe("{constructor}");
  });

  test.each([
    ["a/b\\c", "a_b_c"],
    ["new\nline\u0000\u007f\u0085\u2028", "new_line____"],
    ["..", "__"],
    [".hidden", "_hidden"],
    ["a. . ", "a"],
    ["", "_"],
    [". ", "_"],
    ["CON", "_CON"],
    ["nul.txt", "_nul.txt"],
    ["com¹", "_com¹"],
    ["aux .x", "_aux .x"],
    ["CONTACT", "CONTACT"],
    ["-rf", "-rf"],
    ['it\'s "quoted"', 'it\'s "quoted"'],
  ])("%j becomes %j", (text, safe) => {
    expect(safePart(text)).toBe(safe);
  });

  test("whatever comes in, what comes out is one harmless part of a path", () => {
    fc.assert(
      fc.property(anyText, anyText, anyText, (name, folder, camera) => {
        for (const text of [
          safePart(name),
          outputStem("{name}{folder}{camera}.{ext}", { ...parts, name, folder, camera }),
        ]) {
          expect(text).not.toBe("");
          expect(text).not.toMatch(/[/\\\p{Cc}\p{Cs}\u2028\u2029]/u);
          expect(text).not.toMatch(/^\./);
          expect(text).not.toMatch(/[. ]$/);
          expect(text).not.toMatch(/^(con|prn|aux|nul|com\d|lpt\d) *(\.|$)/i);
          expect(bytes(text)).toBeLessThanOrEqual(255);
        }
      }),
    );
  });

  test("folders are kept part by part, or not at all", () => {
    expect(outboxFolder("keep", path("a/b/IMG_1.jpg"))).toBe("a/b");
    expect(outboxFolder("flat", path("a/b/IMG_1.jpg"))).toBe("");
    expect(outboxFolder("keep", path("IMG_1.jpg"))).toBe("");
    expect(outboxFolder("keep", path("../../etc/./con/a.jpg"))).toBe("etc/_con");
  });

  test("no folder leads out of the outbox", () => {
    const part = fc.oneof(fc.constantFrom("..", ".", "", "...", ". ", ".. "), diskName);
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), (folders) => {
        const folder = outboxFolder("keep", path([...folders, "a.jpg"].join("/")));
        expect(folder).not.toMatch(/^\//);
        for (const each of folder === "" ? [] : folder.split("/")) {
          expect(each).not.toMatch(/^\.*$/);
          expect(bytes(each)).toBeLessThanOrEqual(255);
        }
      }),
    );
  });
});

/**
 * Every tag that a graded file no longer has, counted over photos of several makers and every way from format to format.
 * docs/faithful.md has the list of accepted losses; a loss that is not in it fails here, and so does a row that is not true.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ExifTool } from "exiftool-vendored";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openPictures } from "../../src/adapters/pictures/pictures.ts";
import { withChunks } from "../../src/adapters/pictures/png.ts";
import type { PathText } from "../../src/core/inbox/path-text.ts";
import type { Pictures, WrittenFormat } from "../../src/ports.ts";
import { loadedJpeg } from "../support/loaded.ts";
import { MAKERS, segment, withSegments } from "../support/makers.ts";
import { pathOf, saved, savedCube, sceneImage, silent, tagged } from "../support/photos.ts";

const ROUTES = [
  "JPEG → JPEG",
  "JPEG → PNG",
  "JPEG → TIFF",
  "JPEG → WebP",
  "PNG → PNG",
  "TIFF → TIFF",
  "WebP → WebP",
  "TIFF → JPEG",
] as const;
type Route = (typeof ROUTES)[number];

const folder = mkdtempSync(join(tmpdir(), "hotgrade-losses-"));
const tool = new ExifTool({ maxProcs: 1 });
let pictures: Pictures;
let look: PathText;
let count = 0;
const lost = new Map<Route, Set<string>>();
const changed = new Map<Route, Set<string>>();

/** About the file and not the photo, or computed from other tags. */
const NO_TAG = /^(SourceFile$|System:|Composite:|MWG:|ExifTool:|File:(?!Comment))/;

const read = async (file: PathText): Promise<Record<string, unknown>> => {
  const tags = await tool.readRaw(file, { readArgs: ["-G1", "-a", "-u", "-n", "-struct"] });
  return Object.fromEntries(Object.entries(tags).filter(([tag]) => tag.includes(":") && !NO_TAG.test(tag)));
};

const formatOf = (name: string) => name.toLowerCase() as WrittenFormat;

async function graded(original: PathText, to: WrittenFormat): Promise<PathText> {
  const file = pathOf(join(folder, `out-${++count}.${to}`));
  await pictures.render({ original, cube: look, strength: 1, format: to, quality: null, to: file });
  return file;
}

beforeAll(async () => {
  pictures = openPictures({ workers: 1, memoryBytes: 1 << 30, log: silent });
  look = savedCube(folder);
  for (const maker of MAKERS) {
    const jpeg = await loadedJpeg(folder, maker, tool);
    // The other formats' originals are what a photo became: what is lost on the way there has a row of its own.
    const originals = new Map<string, PathText>([["JPEG", jpeg]]);
    for (const name of ["PNG", "TIFF", "WebP"]) originals.set(name, await graded(jpeg, formatOf(name)));
    for (const route of ROUTES) {
      const [from, to] = route.split(" → ") as [string, string];
      const original = originals.get(from)!;
      const [before, after] = [await read(original), await read(await graded(original, formatOf(to)))];
      const add = (to: Map<Route, Set<string>>, tags: readonly string[]) =>
        to.set(route, new Set([...(to.get(route) ?? []), ...tags]));
      add(
        lost,
        Object.keys(before).filter((tag) => !(tag in after)),
      );
      add(
        changed,
        Object.keys(before).filter((tag) => tag in after && JSON.stringify(after[tag]) !== JSON.stringify(before[tag])),
      );
    }
  }
}, 120_000);

afterAll(async () => {
  await Promise.all([pictures.close(), tool.end()]);
  rmSync(folder, { recursive: true });
});

/** Rows of a table of docs/faithful.md below this heading, as route → patterns of tags. */
function documented(heading: string): Map<Route, readonly string[]> {
  const text = readFileSync(join(import.meta.dirname, "../../docs/faithful.md"), "utf8");
  const section = text.split(`## ${heading}\n`)[1]!.split("\n## ")[0]!;
  const rows = [...section.matchAll(/^\| (`[^|]+) \| ([^|]+) \|/gm)];
  expect(rows.length).toBeGreaterThan(3);
  return new Map(
    ROUTES.map((route) => [
      route,
      rows
        .filter(([, , when]) => when!.includes("every way") || when!.includes(route))
        .flatMap(([, tags]) => [...tags!.matchAll(/`([^`]+)`/g)].map(([, tag]) => tag!)),
    ]),
  );
}

const matches = (tag: string, pattern: string): boolean =>
  pattern.endsWith("*") ? tag.startsWith(pattern.slice(0, -1)) : tag === pattern;

test("XMP of several segments stays whole in a JPEG, and is told of when it cannot", async () => {
  const long = "The lake lay still. ".repeat(8_000).trim();
  const original = await saved(folder, "long.jpg", sceneImage(60, 40).jpeg());
  await tagged(tool, original, { "XMP-dc:Description": long, "XMP-xmp:Rating": 4 });
  const bytes = readFileSync(original).toString("latin1");
  expect(bytes.split("http://ns.adobe.com/xmp/extension/").length).toBeGreaterThan(3);
  expect(await read(await graded(original, "jpeg"))).toMatchObject({ "XMP-dc:Description": long, "XMP-xmp:Rating": 4 });
  const png = await read(await graded(original, "png"));
  expect(png["XMP-xmpNote:HasExtendedXMP"]).toBeUndefined();
});

test("what only one format has a place for is told when a photo leaves it", async () => {
  const jpeg = withSegments(await sceneImage(60, 40).jpeg().toBuffer(), segment(0xe5, "RMETA\0abc"));
  const png = await sceneImage(60, 40).png().toBuffer();
  const text = Buffer.concat(withChunks(png, [{ type: "tEXt", bytes: Buffer.from("Title\0Dawn", "latin1") }]));
  const files = [await saved(folder, "own.jpg", jpeg), await saved(folder, "text.png", text)] as const;
  const notes = async (original: PathText, format: WrittenFormat) => {
    const to = pathOf(join(folder, `out-${++count}.${format}`));
    return (await pictures.render({ original, cube: look, strength: 1, format, quality: null, to })).notes;
  };
  expect(await notes(files[0], "jpeg")).toEqual([]);
  expect(await notes(files[0], "png")).toEqual([expect.stringMatching(/^Segments of the camera maker's own were/)]);
  expect(await notes(files[1], "png")).toEqual([]);
  expect(await notes(files[1], "jpeg")).toEqual([expect.stringMatching(/^Texts in the PNG beside EXIF and XMP were/)]);
});

test.each([
  ["Tags that are lost", lost],
  ["Tags that change", changed],
])("%s are those that the documentation names, on each way", (heading, found) => {
  const told = documented(heading);
  for (const route of ROUTES) {
    const tags = [...found.get(route)!].sort();
    const patterns = told.get(route)!;
    expect
      .soft(
        tags.filter((tag) => !patterns.some((one) => matches(tag, one))),
        `${route}: not in the list`,
      )
      .toEqual([]);
    const idle = patterns.filter((one) => !tags.some((tag) => matches(tag, one)));
    expect(idle, `${route}: in the list and not true`).toEqual([]);
  }
});

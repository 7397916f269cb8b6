/**
 * .cube and HaldCLUT between programs: what we write, ffmpeg and OpenColorIO read as we do; what they write, so do we.
 * Where a tool is absent our double-precision reference stands in for it, and the test's name says so.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { formatCube, parseCube } from "../../src/core/lut/cube.ts";
import { prepareKernel } from "../../src/core/lut/kernel/kernel.ts";
import { clamp, type Lattice, resample } from "../../src/core/lut/lattice.ts";
import { sampleTetrahedral } from "../../src/core/lut/sample.ts";
import { hotgrade } from "../support/command-line.ts";
import { latticeNamed } from "../support/looks.ts";
import { drawn, scene } from "../support/pictures.ts";
import { program, run, standing } from "../support/programs.ts";

const CUBES = join(import.meta.dirname, "../fixtures/cubes");
const [WIDTH, HEIGHT] = [192, 128];
const BYTES = drawn(WIDTH, HEIGHT, scene(3)).pixels;
const WORDS = Uint16Array.from(BYTES, (value, at) => value * 256 + ((at * 97) % 256));
/** ffmpeg cuts off what is left of a code, we round it. */
const CODES_APART = 1;

const ffmpeg = program("ffmpeg");
const bake = program("ociobakelut");
const convert = program("ocioconvert");

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hotgrade-programs-"));
  await writeFile(join(folder, "teal.cube"), formatCube(latticeNamed("tealOrange"), { title: "Teal & orange: 60 %" }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Codes = Uint8Array | Uint16Array;

/** What ffmpeg, or else our reference, makes of the picture. */
async function throughFfmpeg(
  filter: string,
  bits: 8 | 16,
  reference: Lattice,
  more: readonly string[] = [],
): Promise<Codes> {
  const codes: Codes = bits === 8 ? BYTES : WORDS;
  if (!ffmpeg.isThere) return through(reference, codes);
  const format = ["-f", "rawvideo", "-pix_fmt", bits === 8 ? "rgb24" : "rgb48le"];
  const input = [...format, "-s", `${WIDTH}x${HEIGHT}`, "-i", "-", ...more];
  const args = ["-loglevel", "error", ...input, "-filter_complex", filter, "-frames:v", "1", ...format, "-"];
  const out = await run(ffmpeg, args, { cwd: folder, stdin: new Uint8Array(codes.buffer) });
  const bytes = new Uint8Array(out);
  return bits === 8 ? bytes : new Uint16Array(bytes.buffer);
}

/** Our reference: one colour after the other in double precision. */
function through(lattice: Lattice, codes: Codes): Codes {
  const max = codes instanceof Uint16Array ? 65_535 : 255;
  const graded = codes.slice();
  const clamped = clamp(lattice);
  for (let p = 0; p < codes.length; p += 3) {
    const colour = sampleTetrahedral(clamped, [codes[p]! / max, codes[p + 1]! / max, codes[p + 2]! / max]);
    graded.set(
      colour.map((value) => Math.round(max * value)),
      p,
    );
  }
  return graded;
}

/** What `hotgrade apply` makes of the same pixels. */
function ours(lattice: Lattice, bits: 8 | 16): Codes {
  const codes: Codes = bits === 8 ? BYTES.slice() : WORDS.slice();
  prepareKernel(lattice, bits).apply(codes, 3);
  return codes;
}

function apart(one: ArrayLike<number>, other: ArrayLike<number>): number {
  expect(one.length).toBe(other.length);
  let most = 0;
  for (let at = 0; at < one.length; at++) most = Math.max(most, Math.abs(one[at]! - other[at]!));
  return most;
}

const fixture = (name: string) => readFile(join(CUBES, name), "utf8");
const latticeAt = async (name: string) => parseCube(await readFile(join(folder, name), "utf8")).lattice;

describe(`a .cube through ${standing(ffmpeg)}`, () => {
  test.each([8, 16] as const)("what we write gives the same picture, %i bits", async (bits) => {
    const theirs = await throughFfmpeg("lut3d=teal.cube:interp=tetrahedral", bits, await latticeAt("teal.cube"));
    expect(apart(theirs, ours(latticeNamed("tealOrange"), bits))).toBeLessThanOrEqual(CODES_APART);
  });

  test.each([
    ["photoshop.cube", "lut3d=there.cube:interp=tetrahedral"],
    ["domain.cube", "lut3d=there.cube:interp=tetrahedral"],
    ["curve-1d.cube", "lut1d=there.cube:interp=linear"],
  ])("%s is read as they read it", async (name, filter) => {
    const text = await fixture(name);
    await writeFile(join(folder, "there.cube"), text);
    const { lattice } = parseCube(text);
    for (const bits of [8, 16] as const)
      expect(apart(await throughFfmpeg(filter, bits, lattice), ours(lattice, bits))).toBeLessThanOrEqual(CODES_APART);
  });

  test.each(["resolve.cube", "resolve-wide.cube", "curve-1d.cube"])(
    "%s, which its lut3d does not read, is read once converted",
    async (name) => {
      const out = `plain-${name}`;
      expect(await hotgrade(folder, "look", "convert", join(CUBES, name), "--out", out)).toMatchObject({ code: 0 });
      const theirs = await throughFfmpeg(`lut3d=${out}:interp=tetrahedral`, 8, await latticeAt(out));
      expect(apart(theirs, ours(parseCube(await fixture(name)).lattice, 8))).toBeLessThanOrEqual(CODES_APART);
    },
  );

  test.each([8, 16] as const)("a HaldCLUT of %i bits gives the same picture", async (bits) => {
    const hald = `hald-${bits}.png`;
    const args = ["teal.cube", "--out", hald, "--size", "36", "--bits", String(bits)];
    expect(await hotgrade(folder, "look", "convert", ...args)).toMatchObject({ code: 0 });
    expect(await hotgrade(folder, "look", "convert", hald, "--out", `${hald}.cube`)).toMatchObject({ code: 0 });
    const lattice = await latticeAt(`${hald}.cube`);
    const filter = "[0][1]haldclut=interp=tetrahedral";
    const theirs = await throughFfmpeg(filter, bits, lattice, ["-i", join(folder, hald)]);
    expect(apart(theirs, ours(lattice, bits))).toBeLessThanOrEqual(CODES_APART);
  });
});

describe(`a .cube through ${standing(bake)}`, () => {
  const formats = ["iridas_cube", "resolve_cube"] as const;

  /** The look as OpenColorIO reads it, written anew by OpenColorIO; else by our own writer. */
  async function baked(file: string, format: string, size: number): Promise<Lattice> {
    const { lattice } = parseCube(await readFile(file, "utf8"));
    const again = resample(lattice, size);
    if (!bake.isThere) return parseCube(formatCube(again, { title: "" })).lattice;
    const out = `baked-${format}-${size}.cube`;
    await run(bake, ["--lut", file, "--format", format, "--cubesize", String(size), out], { cwd: folder });
    return latticeAt(out);
  }

  test.each(formats)("what we write comes back the same as %s", async (format) => {
    const file = join(folder, "teal.cube");
    expect(apart((await baked(file, format, 33)).values, (await latticeAt("teal.cube")).values)).toBeLessThan(1e-6);
  });

  test.each(["resolve.cube", "resolve-wide.cube", "photoshop.cube", "domain.cube", "curve-1d.cube"])(
    "%s is read as they read it",
    async (name) => {
      const { lattice } = parseCube(await fixture(name));
      const again = resample(lattice, 17);
      for (const format of formats)
        expect(apart(resample(await baked(join(CUBES, name), format, 17), 17).values, again.values)).toBeLessThan(2e-6);
    },
  );
});

describe(`a picture through ${standing(convert)}`, () => {
  test("what we write gives the same picture", async () => {
    const lattice = await latticeAt("teal.cube");
    const image = sharp(BYTES, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } });
    await writeFile(join(folder, "picture.png"), await image.png().toBuffer());
    let theirs = through(lattice, BYTES);
    if (convert.isThere) {
      await run(convert, ["--lut", "teal.cube", "picture.png", "graded.png"], { cwd: folder });
      theirs = await sharp(join(folder, "graded.png")).removeAlpha().raw().toBuffer();
    }
    expect(apart(theirs, ours(lattice, 8))).toBeLessThanOrEqual(CODES_APART);
  });
});

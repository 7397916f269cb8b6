/** The real command line, through bin/hotgrade.mjs, with its output in pipes. */
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { formatCube } from "../../src/core/lut/cube.ts";
import { identity } from "../../src/core/lut/lattice.ts";

const BIN = join(import.meta.dirname, "../../bin/hotgrade.mjs");
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hotgrade-cli-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Ended = { readonly code: number | null; readonly out: string; readonly talk: string };

function hotgrade(args: readonly string[], given: { cwd?: string; env?: Record<string, string> } = {}): Promise<Ended> {
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd: given.cwd ?? folder,
    env: { PATH: process.env.PATH, HOME: folder, ...given.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let talk = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (talk += text));
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("close", (code) => done({ code, out, talk }));
  });
}

describe("help", () => {
  test("it goes to stdout, without colours in a pipe", async () => {
    const { code, out, talk } = await hotgrade(["help"], { env: { FORCE_COLOR: "1" } });
    expect([code, talk]).toEqual([0, ""]);
    expect(out).toContain("Usage\n  hotgrade COMMAND");
    expect(out).not.toContain("\u001b");
  });

  test("help COMMAND and COMMAND --help are the same", async () => {
    const [one, other] = await Promise.all([hotgrade(["help", "fit"]), hotgrade(["fit", "--help"])]);
    expect(one).toEqual(other);
    expect(one.out).toContain("Examples");
  });

  test("--version is package.json's", async () => {
    const text = await readFile(join(import.meta.dirname, "../../package.json"), "utf8");
    expect((await hotgrade(["--version"])).out).toBe(`${JSON.parse(text).version}\n`);
  });

  test("a reader that leaves early is no error", async () => {
    const child = spawn(process.execPath, [BIN, "help"], { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.destroy();
    let talk = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (talk += text));
    const code = await new Promise((done) => child.on("close", done));
    expect([code, talk]).toEqual([0, ""]);
  });
});

describe("usage errors", () => {
  test.each([
    [["aply"], "unknown command aply; did you mean apply?"],
    [["fit", "a", "b", "--ot", "x"], "unknown option --ot; did you mean --out?"],
    [["fit", "a"], "--out FILE.cube is missing"],
    [["look", "show", "nowhere.cube"], "there is no file"],
  ])("%j ends with 2, a sentence and a hint, and nothing on stdout", async (args, sentence) => {
    const { code, out, talk } = await hotgrade(args);
    expect([code, out]).toEqual([2, ""]);
    expect(talk).toContain(`error[usage]: ${sentence}`);
    expect(talk).toContain("\nhint: ");
    expect(talk).not.toContain("\u001b");
  });
});

describe("configuration", () => {
  test("three mistakes are three lines with carets", async () => {
    const cwd = await mkdtemp(join(folder, "mistakes-"));
    await mkdir(join(cwd, "config"));
    const text = "ledgr: {}\ninboxes:\n  - path: in\n    promt: Warm\n    settle: 2\n";
    await writeFile(join(cwd, "config/hotgrade.yaml"), text);
    const { code, talk } = await hotgrade(["apply", "x.jpg", "--cube", "x.cube", "--out", "y"], { cwd });
    expect(code).toBe(2);
    expect(talk).toContain("error[config-invalid]: 3 problems in config/hotgrade.yaml");
    expect(talk.match(/^ +\| +\^+$/gm)).toHaveLength(3);
    expect(talk).toContain("config/hotgrade.yaml:1:1: unknown key ledgr; did you mean ledger?");
  });

  test("a file named with --config must be there", async () => {
    const { code, talk } = await hotgrade(["apply", "x", "--cube", "x", "--out", "y", "--config", "none.yaml"]);
    expect(code).toBe(2);
    expect(talk).toContain("error[config-missing]");
  });

  test("init writes one that is accepted, makes its folders, and never writes it twice", async () => {
    const cwd = await mkdtemp(join(folder, "init-"));
    expect(await hotgrade(["init"], { cwd })).toMatchObject({
      code: 0,
      out: expect.stringContaining("wrote config/hotgrade.yaml"),
    });
    expect((await readdir(cwd)).sort()).toEqual(["config", "graded", "inbox"]);
    const file = join(cwd, "config/hotgrade.yaml");
    await writeFile(file, `${await readFile(file, "utf8")}# mine\n`);
    expect(await hotgrade(["init"], { cwd })).toMatchObject({
      code: 2,
      talk: expect.stringContaining("error[output-exists]"),
    });
    expect(await readFile(file, "utf8")).toContain("# mine");
    const { code, talk } = await hotgrade(["apply", "x.jpg", "--cube", "x.cube", "--out", "y"], { cwd });
    expect([code, talk.includes("error[usage]: there is no file")]).toEqual([2, true]);
    // A second file beside it is told by check.
    await writeFile(join(cwd, "hotgrade.yaml"), "inboxes: []\n");
    const { findings } = JSON.parse((await hotgrade(["check", "--json"], { cwd })).out) as { findings: object[] };
    expect(findings).toContainEqual(
      expect.objectContaining({ about: "config", level: "warn", message: expect.stringContaining("is not read") }),
    );
  });
});

describe("look show", () => {
  test("its facts are one JSON document", async () => {
    const file = join(folder, "plain.cube");
    await writeFile(file, formatCube(identity(5), { title: "plain" }));
    const { code, out, talk } = await hotgrade(["look", "show", file, "--json"]);
    expect([code, talk]).toEqual([0, ""]);
    expect(JSON.parse(out)).toMatchObject({ file, size: 5, kind: "3D", greysMonotone: true });
  });

  test("a broken file is an error with its line", async () => {
    const file = join(folder, "broken.cube");
    await writeFile(file, "LUT_3D_SIZE 2\n0 0 x\n");
    const { code, talk } = await hotgrade(["look", "show", file]);
    expect(code).toBe(1);
    expect(talk).toContain("error[cube-invalid]");
  });
});

describe("fit and apply", () => {
  const PHOTO = join(import.meta.dirname, "../fixtures/photo-small.jpg");

  test("a picture and itself give the look that changes nothing, and its facts as JSON", async () => {
    const cube = join(folder, "same.cube");
    const { code, out, talk } = await hotgrade(["fit", PHOTO, PHOTO, "--out", cube, "--json"]);
    expect([code, talk]).toEqual([0, ""]);
    expect(Object.keys(JSON.parse(out))).toEqual(["verdict", "score", "ms", "coverage", "shift", "zoom", "cube"]);
    expect(JSON.parse(out)).toMatchObject({ verdict: "global", cube });
    expect(await readFile(cube, "utf8")).toContain("LUT_3D_SIZE 33");
  });

  test("photos that cannot be written are said, the others are written, nothing is replaced", async () => {
    const cwd = await mkdtemp(join(folder, "apply-"));
    await writeFile(join(cwd, "look.cube"), formatCube(identity(5), { title: "plain" }));
    await mkdir(join(cwd, "out"));
    await writeFile(join(cwd, "out/there.jpg"), "mine");
    const photo = await readFile(PHOTO);
    for (const name of ["there.jpg", "new.jpg"]) await writeFile(join(cwd, name), photo);
    await writeFile(join(cwd, "text.jpg"), "no picture");
    const inputs = ["there.jpg", "text.jpg", "gone.jpg", "new.jpg"];
    const { code, out } = await hotgrade(["apply", ...inputs, "--cube", "look.cube", "--out", "out", "--json"], {
      cwd,
    });
    const outputs = JSON.parse(out).outputs as { error?: { code: string } }[];
    expect(code).toBe(1);
    expect(outputs.map(({ error }) => error?.code)).toEqual(["output-exists", "file-unsupported", "usage", undefined]);
    expect((await readdir(join(cwd, "out"))).sort()).toEqual(["new.jpg", "there.jpg"]);
    expect(await readFile(join(cwd, "out/there.jpg"), "utf8")).toBe("mine");
  });

  test("one photo may be given a file, whose extension decides the format", async () => {
    const cwd = await mkdtemp(join(folder, "format-"));
    await writeFile(join(cwd, "look.cube"), formatCube(identity(5), { title: "plain" }));
    const { code, out } = await hotgrade(["apply", PHOTO, "--cube", "look.cube", "--out", "sub/a.png"], { cwd });
    expect([code, out]).toEqual([0, `${join(cwd, "sub/a.png")}\n`]);
    expect((await readFile(join(cwd, "sub/a.png"))).subarray(1, 4).toString()).toBe("PNG");
  });
});

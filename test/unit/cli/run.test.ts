import { expect, test } from "vitest";
import { type Command, defineCommand } from "../../../src/cli/command.ts";
import { exitCodeOf } from "../../../src/cli/exit.ts";
import { COMMANDS } from "../../../src/cli/index.ts";
import { runCommandLine } from "../../../src/cli/run.ts";
import { AppError, ERROR_CODES } from "../../../src/core/errors.ts";

const command = (name: string, run: Command["run"] = async () => undefined) =>
  defineCommand({ name, summary: "s", usage: "[IN]", about: [], options: {}, words: [0, 1], examples: [], run });

async function run(args: readonly string[], commands: readonly Command[], signal = new AbortController().signal) {
  const sink = () => ({
    text: "",
    write(text: string) {
      this.text += text;
    },
  });
  const [stdout, stderr] = [sink(), sink()];
  const entries = commands.map((one) => ({ name: one.name, load: async () => one }));
  const code = await runCommandLine(entries, "1.2.3", {
    args,
    env: {},
    cwd: "/",
    stdout,
    stderr,
    signal,
    now: () => 0,
  });
  return { code, out: stdout.text, talk: stderr.text };
}

test("a command's code is the program's, and nothing means 0", async () => {
  expect((await run(["a"], [command("a")])).code).toBe(0);
  expect((await run(["a"], [command("a", async () => 1)])).code).toBe(1);
});

test("two-word commands come before their family", async () => {
  const commands = [command("look show", async ({ words, print }) => void print.line(words.join()))];
  expect(await run(["look", "show", "x"], commands)).toMatchObject({ code: 0, out: "x\n" });
  expect((await run(["look"], commands)).talk).toContain("look needs a second word: there is look show");
  expect((await run(["look", "--help"], commands)).out).toContain("look show");
});

test.each([[[]], [["strt"]], [["a", "x", "y"]], [["a", "--no"]], [["--config", "x", "a"]], [["help", "strt"]]])(
  "%j is a usage error",
  async (args) => {
    const { code, out } = await run(args, [command("a"), command("start")]);
    expect([code, out]).toEqual([2, ""]);
  },
);

test("help and version are data on stdout", async () => {
  expect(await run(["--version"], [])).toMatchObject({ code: 0, out: "1.2.3\n", talk: "" });
  for (const args of [["help"], ["--help"], ["help", "a"], ["a", "--help"], ["a", "x", "-h"]])
    expect(await run(args, [command("a")])).toMatchObject({
      code: 0,
      out: expect.stringContaining("Exit codes"),
      talk: "",
    });
});

test("an unforeseen throw is a bug: 70, its place only with --verbose", async () => {
  const broken = [command("a", async () => Promise.reject(new TypeError("x is not a function")))];
  const { code, talk } = await run(["a"], broken);
  expect([code, talk.split("\n")[0]]).toEqual([70, "error[internal]: x is not a function"]);
  expect(talk).not.toContain("run.test.ts");
  expect((await run(["a", "--verbose"], broken)).talk).toContain("run.test.ts");
});

test("an abort after the signal is an interruption, before it a bug", async () => {
  const abort = [command("a", async () => Promise.reject(new DOMException("aborted", "AbortError")))];
  expect((await run(["a"], abort, AbortSignal.abort())).code).toBe(130);
  expect((await run(["a"], abort)).code).toBe(70);
});

test("every error code has its exit code", () => {
  const of = (...codes: (typeof ERROR_CODES)[number][]) => codes.map(exitCodeOf);
  expect(of("usage", "config-invalid", "config-missing", "folders-overlap")).toEqual([2, 2, 2, 2]);
  expect(of("backend-unreachable", "internal", "interrupted", "picture-damaged")).toEqual([3, 70, 130, 1]);
  expect(ERROR_CODES.every((code) => exitCodeOf(code) > 0)).toBe(true);
});

test("every command teaches: its listed name, a summary without a full stop, a purpose, an example", async () => {
  for (const { name: listed, load } of COMMANDS) {
    const { name, summary, about, examples } = await load();
    expect(name).toBe(listed);
    expect(summary, name).not.toMatch(/\.$/);
    expect(about.length, name).toBeGreaterThan(0);
    expect(examples.length, name).toBeGreaterThan(0);
    for (const [line] of examples) expect(line).toContain(`hotgrade ${name}`);
  }
  expect(new AppError("usage", "x").hint).toContain("help");
});

import { expect, test } from "vitest";
import { printerTo } from "../../../src/cli/print.ts";
import { cut, displayWidth, padEnd, wrap } from "../../../src/cli/width.ts";
import { AppError } from "../../../src/core/errors.ts";

function rig(given: { isTTY?: boolean; env?: Record<string, string>; columns?: number } = {}) {
  const sink = () => ({
    text: "",
    isTTY: given.isTTY,
    columns: given.columns,
    write(text: string) {
      this.text += text;
    },
  });
  const [stdout, stderr] = [sink(), sink()];
  const clock = { now: 0 };
  return { stdout, stderr, clock, print: printerTo({ stdout, stderr, env: given.env ?? {}, now: () => clock.now }) };
}

test("columns are counted as a terminal shows them", () => {
  expect(["abc", "añ", "an\u0303", "日本", "👩‍🚀", "❤️", "", "…"].map(displayWidth)).toEqual([3, 2, 2, 4, 2, 2, 0, 1]);
  expect(padEnd("日本", 6)).toBe("日本  ");
  expect([cut("日本語", 4), cut("日本語", 6), cut("abcdef", 4)]).toEqual(["日…", "日本語", "abc…"]);
  expect(wrap("one two three", 7)).toEqual(["one two", "three"]);
});

test("tables align wide and narrow names alike", () => {
  const { print, stdout } = rig();
  print.table(
    [{ title: "photo" }, { title: "n", right: true }, { title: "state" }],
    [
      ["日本.jpg", 7, "done"],
      ["a\nb", 12, "failed"],
    ],
  );
  expect(stdout.text).toBe("photo      n  state\n日本.jpg   7  done\na b       12  failed\n");
});

test("colours are for terminals, and not with NO_COLOR or a dumb one", () => {
  const red = (given: Parameters<typeof rig>[0]) => rig(given).print.paint.red("x");
  expect(red({ isTTY: true })).toBe("\u001b[31mx\u001b[39m");
  expect(red({})).toBe("x");
  expect(red({ isTTY: true, env: { NO_COLOR: "1" } })).toBe("x");
  expect(red({ isTTY: true, env: { NO_COLOR: "" } })).toBe("\u001b[31mx\u001b[39m");
  expect(red({ isTTY: true, env: { TERM: "dumb" } })).toBe("x");
});

test("an error is its code, its sentence and a hint, and its causes when asked", () => {
  const error = new AppError("backend-unreachable", "No answer.", {}, new Error("ECONNREFUSED"));
  const { print, stderr, stdout } = rig();
  print.error(error);
  expect(stderr.text).toBe(`error[backend-unreachable]: No answer.\nhint: ${error.hint}\n`);
  print.error(error, true);
  expect(stderr.text).toContain("caused by: Error: ECONNREFUSED");
  expect(stdout.text).toBe("");
});

test("a name cannot write to the terminal", () => {
  const { print, stderr } = rig({ isTTY: true, env: { NO_COLOR: "1" } });
  print.error(new AppError("file-failed", "x\u001b]0;pwned\u0007\u202e.jpg"));
  expect(stderr.text).toContain("x\\u{1b}]0;pwned\\u{7}\\u{202e}.jpg");
});

test("progress begins after a second, rewrites its line and gives way to text", () => {
  const { print, stderr, clock } = rig({ isTTY: true, columns: 20 });
  print.progress("1 of 9");
  expect(stderr.text).toBe("");
  clock.now = 1_000;
  print.progress("2 of 9 with a very long name");
  expect(stderr.text).toBe("\r2 of 9 with a very…\u001b[K");
  print.line("done");
  expect(stderr.text.endsWith("\r\u001b[K")).toBe(true);
});

test("progress is not for pipes", () => {
  const { print, stderr, clock } = rig();
  print.progress("1");
  clock.now = 5_000;
  print.progress("2");
  expect(stderr.text).toBe("");
});

test("--json is one document on one line in a pipe", () => {
  const { print, stdout } = rig();
  print.json({ a: [1] });
  expect(stdout.text).toBe('{"a":[1]}\n');
});

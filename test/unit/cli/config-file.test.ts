import { expect, test } from "vitest";
import { parseConfigText } from "../../../src/cli/config-file.ts";
import type { PlacedProblem } from "../../../src/cli/config-problems.ts";
import { AppError } from "../../../src/core/errors.ts";

const read = (text: string, env: Record<string, string> = {}) => parseConfigText(text, "hotgrade.yaml", env);

function refusal(
  text: string,
  env: Record<string, string> = {},
): { message: string; problems: readonly PlacedProblem[] } {
  try {
    read(text, env);
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.code !== "config-invalid") throw thrown;
    return { message: thrown.message, problems: thrown.data.problems as readonly PlacedProblem[] };
  }
  throw new Error("it was accepted");
}

test("variables are taken from the environment, inside braces too", () => {
  const text = `backends:\n  - { name: g, kind: comfyui, url: \${URL:-http://h:1}, depth: \${DEPTH}, token: \${TOKEN} }\n`;
  expect(read(text, { DEPTH: "3", TOKEN: "1234567" }).backends).toMatchObject([
    { name: "g", kind: "comfyui", url: "http://h:1", depth: 3, token: "1234567" },
  ]);
});

test("a value from the environment cannot add keys", () => {
  const { inboxes } = read(`inboxes: [{ path: \${P}, prompt: a }]`, { P: "x, finish: y }] #" });
  expect(inboxes[0]).toMatchObject({ path: "x, finish: y }] #", finish: "lut" });
});

test("a doubled dollar is a plain one", () => {
  expect(read(`inboxes: [{ path: a, suffix: '$\${X}' }]`).inboxes[0]?.suffix).toBe(`\${X}`);
});

test("an unset variable without a default is a problem at its place, and the only one there", () => {
  expect(refusal(`ledger:\n  file: x\nlimits:\n  attempts: \${TRIES}\n`).problems).toEqual([
    {
      file: "hotgrade.yaml",
      line: 4,
      column: 13,
      message: expect.stringContaining("TRIES is not set"),
      suggestion: null,
    },
  ]);
});

test("each problem has its place, its line and a caret below it", () => {
  const text = 'inboxes:\n  - path: in\n    promt: "日本" # warm\n    settle: soon\nmemry: auto\n';
  const { message, problems } = refusal(text);
  expect(problems.map(({ line, column }) => [line, column])).toEqual([
    [3, 5],
    [4, 13],
    [5, 1],
  ]);
  expect(message).toContain("3 problems in hotgrade.yaml");
  expect(message).toContain("hotgrade.yaml:3:5: unknown key promt in inboxes; did you mean prompt?");
  expect(message).toContain('  3 |     promt: "日本" # warm\n    |     ^^^^^');
  expect(message).toContain("  4 |     settle: soon\n    |             ^^^^");
});

test("a caret stands below its word after wide characters, tabs and Windows line ends", () => {
  expect(refusal("inboxes: [{ path: 日本, finish: lot }]\r\n").message).toContain(
    "  1 | inboxes: [{ path: 日本, finish: lot }]\n    |                                 ^^^",
  );
});

test("a key that stands twice is a problem beside the others", () => {
  const { problems } = refusal("memory: auto\nmemory: auto\nlog: { levl: info }\n");
  expect(problems).toMatchObject([
    { line: 2, message: expect.stringContaining("twice") },
    { line: 3, suggestion: "level" },
  ]);
});

test("broken YAML is one problem, at the place where reading stopped", () => {
  expect(refusal("inboxes:\n\t- path: x\n").problems).toMatchObject([{ line: 2 }]);
  expect(refusal("inboxes: [{ path: x }\nmemory: auto\n").problems).toHaveLength(1);
  expect(refusal("a: 1\n---\nb: 2\n").problems).toHaveLength(1);
  expect(refusal("inboxes: *nowhere\n").problems).toHaveLength(1);
});

test("what is missing is shown at the entry that lacks it, and an empty value at its key", () => {
  expect(refusal("inboxes:\n  - outbox: x\n").problems).toMatchObject([
    { line: 2, column: 5, message: expect.stringContaining("path is missing") },
  ]);
  expect(refusal("inboxes:\n  - path: x\n    settle:\n").problems).toMatchObject([{ line: 3, column: 5 }]);
});

test("anchors and merged keys are read, and problems in them have a place", () => {
  const text = "inboxes:\n  - &base { path: a, order: name }\n  - { <<: *base, path: b }\n";
  expect(read(text).inboxes.map(({ path, order }) => [path, order])).toEqual([
    ["a", "name"],
    ["b", "name"],
  ]);
  expect(refusal(text.replace("order", "ordr")).problems.every(({ line }) => line === 2 || line === 3)).toBe(true);
});

test("a list where keys are wanted, and an alias bomb, are refused", () => {
  expect(refusal("- a\n- b\n").problems).toMatchObject([{ line: 1 }]);
  const bomb = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let at = 1; at < 8; at++)
    bomb.push(
      `a${at}: &a${at} [${Array(10)
        .fill(`*a${at - 1}`)
        .join(", ")}]`,
    );
  expect(refusal(bomb.join("\n")).problems).toHaveLength(1);
});

test("an empty file is the defaults", () => {
  expect(read("# nothing\n")).toEqual(read(""));
});

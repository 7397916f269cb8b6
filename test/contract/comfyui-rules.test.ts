/** Every numbered rule of docs/comfyui.md is held against a server and against our client, and the page says by what. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { RULES, ruleTable, ruleTests } from "../support/comfyui/rules.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../docs/comfyui.md"), "utf8");
const ALL = Array.from({ length: RULES }, (_, at) => at + 1);

test.each(["server", "client"] as const)("each rule has a test for the %s", (of) => {
  const held = new Set(ruleTests().flatMap((test) => (test.of === of ? [test.rule] : [])));
  expect(ALL.filter((rule) => !held.has(rule))).toEqual([]);
  expect([...held].filter((rule) => !ALL.includes(rule))).toEqual([]);
});

test("docs/comfyui.md states each rule once, and lists the tests as they are named (npm run write-docs)", () => {
  const stated = [...PAGE.matchAll(/^\| (\d+) \| .+ \| .+ \| `/gm)].map(([, rule]) => Number(rule));
  expect(stated).toEqual(ALL);
  expect(PAGE).toContain(`<!-- rules -->\n\n${ruleTable()}\n\n<!-- /rules -->`);
});

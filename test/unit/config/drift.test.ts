/** What is made from the grammar and kept in the repository; `npm run write-docs` writes it anew. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseConfigText } from "../../../src/cli/config-file.ts";
import { fields, fieldTable, knownKeys } from "../../../src/core/config/fields.ts";
import { parse } from "../../../src/core/config/parse.ts";
import { jsonSchema } from "../../../src/core/config/schema.ts";
import { errorTable } from "../../../src/core/errors.ts";

const read = (path: string) => readFileSync(join(import.meta.dirname, "../../..", path), "utf8");

test("config/schema.json is the grammar's", () => {
  expect(read("config/schema.json")).toBe(jsonSchema());
});

test("docs/configuration.md has the grammar's table of keys", () => {
  expect(read("docs/configuration.md")).toContain(`<!-- keys -->\n\n${fieldTable()}\n\n<!-- /keys -->`);
});

test("docs/errors.md has every code of the catalogue", () => {
  expect(read("docs/errors.md")).toContain(`<!-- codes -->\n\n${errorTable()}\n\n<!-- /codes -->`);
});

test("docs/configuration.md names the default of every limit", () => {
  for (const field of fields().filter(({ key }) => key.startsWith("limits.")))
    expect(read("docs/configuration.md")).toContain(`| \`${field.key}\` | \`${field.default}\` | `);
});

test("every key has a meaning that ends a sentence", () => {
  expect(fields().filter(({ meaning }) => !/[.]$/.test(meaning))).toEqual([]);
});

test("the shipped configuration is what holds without one", () => {
  const shipped = parseConfigText(read("config/hotgrade.yaml"), "config/hotgrade.yaml", {});
  expect({ ok: true, config: shipped }).toEqual(parse({}));
});

test("the shipped configuration's commented keys are known", () => {
  const commented = [...read("config/hotgrade.yaml").matchAll(/^ {4}# (\w+):/gm)].map((match) => match[1]);
  expect(commented.length).toBeGreaterThan(5);
  expect(commented.filter((key) => !knownKeys(["inboxes", 0]).includes(key!))).toEqual([]);
});

test("known keys are found at every depth", () => {
  expect(knownKeys(["ledger"])).toEqual(["driver", "file"]);
  const keys = ["name", "kind", "url", "depth", "token", "headers", "ca", "weight", "only", "tidy", "timeouts"];
  expect(knownKeys(["backends", 3])).toEqual(keys);
  expect(knownKeys(["inboxes", 0, "original"])).toContain("unsupported");
  expect(knownKeys(["nowhere"])).toEqual([]);
});

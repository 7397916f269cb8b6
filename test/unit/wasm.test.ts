import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
// @ts-expect-error: plain JavaScript, without types
import { built, builtName, ENTRIES } from "../../bin/build-wasm.mjs";

const ROOT = join(import.meta.dirname, "../..");

describe("compiled loops", () => {
  test.each(ENTRIES as string[])("%s is what its built module holds; else run npm run build:wasm", async (entry) => {
    expect(readFileSync(join(ROOT, builtName(entry)), "utf8")).toBe(await built(entry));
  });
});

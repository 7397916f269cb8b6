import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadPictureConfig, PICTURE_DEFAULTS } from "../../../src/cli/pictures.ts";
import { parse } from "../../../src/core/config/parse.ts";
import { RAW_PREVIEW } from "../../../src/core/job/picture.ts";

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "hotgrade-settings-"));
});
afterEach(() => rmSync(cwd, { recursive: true }));

const load = (explicit?: string) => loadPictureConfig({ explicit, cwd, env: {} });

test("without a file, pictures have the grammar's own defaults", async () => {
  const parsed = parse({});
  expect(
    parsed.ok && { memory: parsed.config.memory, limits: { pixels: parsed.config.limits.pixels }, inboxes: [] },
  ).toEqual(PICTURE_DEFAULTS);
  expect(parsed.ok && parsed.config.inboxes[0]?.raw).toEqual(RAW_PREVIEW);
  expect(await load()).toEqual(PICTURE_DEFAULTS);
});

test("a file in either place is read, and one that is named must be there", async () => {
  mkdirSync(join(cwd, "config"));
  writeFileSync(join(cwd, "config/hotgrade.yaml"), "limits: { pixels: 7MP }\n");
  expect((await load()).limits.pixels).toBe(7_000_000);
  await expect(load("other.yaml")).rejects.toMatchObject({ code: "config-missing" });
});

test("a file that is wrong is refused as everywhere", async () => {
  writeFileSync(join(cwd, "hotgrade.yaml"), "memory: 3 apples\n");
  await expect(load()).rejects.toMatchObject({ code: "config-invalid" });
});

import { expect, test } from "vitest";
import { checkFolders, resolvePaths } from "../../../src/cli/config-paths.ts";
import { parse } from "../../../src/core/config/parse.ts";
import type { PathText } from "../../../src/core/inbox/path-text.ts";

const path = (text: string) => text as PathText;
/** A disk whose links are given and on which everything else is real. */
const disk =
  (links: Record<string, string> = {}) =>
  async (at: PathText) =>
    path(links[at] ?? at);
const inbox = (at: string, outbox: string) => ({ path: path(at), outbox: path(outbox) });

test("relative paths start at the root, ~ at home, and a folder for originals stays as written", () => {
  const inboxes = [{ path: "in", outbox: "~/out", look: "/l/x.cube", original: { done: "move:done" } }];
  const parsed = parse({ inboxes });
  if (!parsed.ok) throw new Error();
  const config = resolvePaths(parsed.config, "/root", "/home/me");
  expect(config.ledger.file).toBe("/root/var/ledger.db");
  expect(config.inboxes[0]).toMatchObject({ path: "/root/in", outbox: "/home/me/out" });
  expect(config.inboxes[0]?.look).toEqual({ kind: "file", file: "/l/x.cube" });
  expect(config.inboxes[0]?.original.done).toEqual({ kind: "move", folder: "done" });
});

test("inboxes that share an outbox apart from all of them are fine", async () => {
  await expect(
    checkFolders([inbox("/a", "/out"), inbox("/ab", "/out"), inbox("/c", "/a-out")], disk()),
  ).resolves.toBeUndefined();
});

test.each([
  ["an outbox inside its inbox", [inbox("/a", "/a/out")]],
  ["an inbox inside an outbox", [inbox("/out/a", "/out")]],
  ["one folder as both", [inbox("/a", "/a")]],
  ["an inbox inside an inbox", [inbox("/a", "/x"), inbox("/a/b", "/x")]],
  ["an inbox twice", [inbox("/a", "/x"), inbox("/a", "/y")]],
  ["a name that differs in case alone", [inbox("/Photos", "/photos/out")]],
  ["a name that differs in Unicode form alone", [inbox("/é", "/e\u0301/out")]],
])("%s is refused", async (_what, inboxes) => {
  await expect(checkFolders(inboxes, disk())).rejects.toMatchObject({ code: "folders-overlap" });
});

test("a link into the inbox is seen through, though the outbox itself is not there yet", async () => {
  const real = async (at: PathText) => ({ "/": path("/"), "/a": path("/a"), "/link": path("/a") })[at as string];
  await expect(checkFolders([inbox("/a", "/link/new/out")], real)).rejects.toMatchObject({ code: "folders-overlap" });
});

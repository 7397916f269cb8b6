import { expect, test } from "vitest";
import { hookFor, hookSecrets, shownTarget, wantedBy } from "../../../src/core/config/hooks.ts";
import { parse } from "../../../src/core/config/parse.ts";
import { encodePath, type PathText } from "../../../src/core/inbox/path-text.ts";
import { hookDocument, named, photoBody } from "../../../src/core/job/hook-body.ts";
import { aJob } from "../../support/jobs.ts";

test("a name that is text comes as it is, any other with its bytes", () => {
  const odd = encodePath(Uint8Array.of(0x61, 0xff));
  expect(named("path", "naïve 日本 🎉\n.jpg" as PathText)).toEqual({ path: "naïve 日本 🎉\n.jpg" });
  expect(named("path", odd)).toEqual({ path: "a\ufffd", pathBase64: "Yf8=" });
  expect(named("inbox", null)).toEqual({ inbox: null });
});

test("the document says version, id, event and time first, and the original where retire put it", () => {
  const failure = { code: "disk-full", message: "No room.", stage: "write" } as const;
  const retiring = { kind: "move", from: "/in/a.jpg", to: "/in/failed/a.jpg" } as const;
  const facts = { retiring } as unknown as Parameters<typeof photoBody>[1]["facts"];
  const data = photoBody(aJob(), { facts, failure, stage: "retire" }) as Record<string, unknown>;
  const document = JSON.parse(hookDocument({ id: "7", event: "failed", at: 0, data }));
  expect(Object.keys(document).slice(0, 4)).toEqual(["version", "id", "event", "at"]);
  expect(document).toMatchObject({
    at: "1970-01-01T00:00:00.000Z",
    original: "/in/failed/a.jpg",
    code: "disk-full",
    sentence: "No room.",
    hint: expect.any(String),
  });
});

const configOf = (plain: unknown) => {
  const parsed = parse(plain);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
  return parsed.config;
};

test("an inbox's own hook wins for its key; the other keys are those of all", () => {
  const config = configOf({
    hooks: { onDone: { run: ["all"] }, onHeld: { run: ["all"] } },
    inboxes: [
      { path: "a", hooks: { onDone: { url: "https://own.example/x?key=abcdef", secret: "s3cret" } } },
      { path: "b" },
    ],
  });
  expect(shownTarget(hookFor(config, "a", "done")!)).toBe("own.example");
  expect(hookFor(config, "a", "held")).toMatchObject({ kind: "run", command: ["all"], limitMs: 60_000 });
  expect(hookFor(config, "b", "failed")).toBeUndefined();
  const named = [...wantedBy(config).values()].map((of) => of.map(({ inbox, event }) => `${inbox}:${event}`));
  expect(named).toEqual([[":done", "b:done"], [":held", "a:held", "b:held"], ["a:done"]]);
  expect(hookSecrets(config)).toEqual(["s3cret", "/x?key=abcdef"]);
});

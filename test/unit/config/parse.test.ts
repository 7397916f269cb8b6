import { expect, test } from "vitest";
import { type Config, type Issue, parse } from "../../../src/core/config/parse.ts";
import { DEFAULT_PROMPT } from "../../../src/core/config/schema.ts";

function config(plain: unknown): Config {
  const parsed = parse(plain);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues, null, 2));
  return parsed.config;
}

function issues(plain: unknown): readonly Issue[] {
  const parsed = parse(plain);
  return parsed.ok ? [] : parsed.issues;
}

const inInbox = (keys: Record<string, unknown>) => ({ inboxes: [{ path: "in", ...keys }] });

const USUAL = {
  headers: {},
  timeouts: {
    connectMs: 5_000,
    answerMs: 30_000,
    transferMs: 120_000,
    stuckMs: 600_000,
    idleMs: 20_000,
    awayMs: 60_000,
  },
  ca: null,
  weight: 1,
  only: null,
  tidy: true,
};

test("nothing configured is one inbox, one outbox and the builtin backend", () => {
  const { backends, inboxes, ledger, limits } = config({});
  expect(backends).toEqual([{ name: "here", kind: "builtin" }]);
  expect(inboxes).toHaveLength(1);
  expect(inboxes[0]).toMatchObject({
    path: "inbox",
    outbox: "graded",
    prompt: DEFAULT_PROMPT,
    settleMs: 2_000,
    rescanMs: 60_000,
  });
  expect(ledger).toEqual({ driver: "sqlite", file: "var/ledger.db" });
  expect(limits).toEqual({ pixels: 5e8, fileSizeBytes: 2 * 1024 ** 3, attempts: 5, rewinds: 3 });
  expect(config(null)).toEqual(config({}));
});

test("a comfyui backend has a depth of two and no slash after its url", () => {
  const { backends } = config({ backends: [{ name: "gpu-1", kind: "comfyui", url: "http://h:8188//", token: "" }] });
  expect(backends).toEqual([{ name: "gpu-1", kind: "comfyui", url: "http://h:8188", depth: 2, token: null, ...USUAL }]);
});

test("the older spelling is one backend, and its workflow serves inboxes that name none", () => {
  const { backends, inboxes } = config({
    comfyui: { enabled: true, host: "box", port: 9000, workflow: "old" },
    inboxes: [{ path: "a" }, { path: "b", workflow: "mine" }],
  });
  expect(backends).toEqual([
    { name: "comfyui", kind: "comfyui", url: "http://box:9000", depth: 2, token: null, ...USUAL },
  ]);
  expect(inboxes.map(({ workflow }) => workflow)).toEqual(["old", "mine"]);
  expect(config({ comfyui: { host: "::1" } }).backends[0]).toMatchObject({ url: "http://[::1]:8188" });
  expect(config({ comfyui: { enabled: false } }).backends).toEqual([{ name: "here", kind: "builtin" }]);
  expect(issues({ comfyui: {}, backends: [{ name: "a", kind: "builtin" }] })).toMatchObject([
    { path: ["comfyui"], onKey: true },
  ]);
});

test("dispositions name what happens and where to", () => {
  const original = { done: "move:done/today", failed: "copy: /mnt/failed", unsupported: "trash" };
  expect(config(inInbox({ original })).inboxes[0]?.original).toEqual({
    done: { kind: "move", folder: "done/today" },
    failed: { kind: "copy", folder: "/mnt/failed" },
    duplicate: { kind: "leave" },
    unsupported: { kind: "trash" },
  });
  expect(issues(inInbox({ original: { done: "move:" } }))).toHaveLength(1);
});

test("a mistyped key is found, with what was probably meant", () => {
  expect(issues({ ...inInbox({ promt: "x" }), memry: "auto", ledger: { fle: "x" } })).toMatchObject([
    { path: ["ledger", "fle"], onKey: true, suggestion: "file" },
    { path: ["inboxes", 0, "promt"], onKey: true, suggestion: "prompt" },
    { path: ["memry"], onKey: true, suggestion: "memory" },
  ]);
  expect(issues(inInbox({ slots: { imag: "1" } }))).toMatchObject([{ suggestion: "image" }]);
});

test("a key of slots that is no slot is a parameter, if it names an input and has a value", () => {
  const slots = { image: "1", guidance: "9.guidance" };
  expect(config(inInbox({ slots, params: { guidance: 3 } })).inboxes[0]).toMatchObject({
    slots,
    params: { guidance: 3 },
  });
  for (const wrong of [{ slots }, { slots: { ...slots, guidance: "9" }, params: { guidance: 3 } }])
    expect(issues(inInbox(wrong))).toMatchObject([
      { path: ["inboxes", 0, "slots", "guidance"], onKey: true, message: expect.stringContaining("NODE.INPUT") },
    ]);
});

test("a key of a later version says that it is planned", () => {
  expect(issues({ web: { port: 1 } })).toMatchObject([
    { message: expect.stringContaining("planned, not built yet"), suggestion: null },
  ]);
});

test("a value of a later version says that it is planned", () => {
  const plain = inInbox({ finish: "tiles", onSpatial: "hold" });
  expect(issues(plain).map(({ message }) => message)).toEqual(["finish: tiles is planned, not built yet"]);
});

test("a key of an inbox at the top level is told where it belongs", () => {
  expect(issues({ prompt: "x" })).toMatchObject([{ message: "prompt belongs in an entry of inboxes" }]);
});

test("all that is wrong is said at once", () => {
  const found = issues({
    memory: "lots",
    inboxes: [{ settle: 2, lutSize: 5, name: "{nam}.jpg" }, "x"],
    backends: [{ name: "a" }],
  });
  expect(found.map(({ path }) => path.join("."))).toEqual(
    expect.arrayContaining([
      "memory",
      "inboxes.0.path",
      "inboxes.0.settle",
      "inboxes.0.lutSize",
      "inboxes.0.name",
      "inboxes.1",
      "backends.0.kind",
    ]),
  );
});

test("an inbox names backends that exist, and each backend has its own name", () => {
  const backends = [{ name: "gpu-1", kind: "builtin" }];
  expect(issues({ backends, inboxes: [{ path: "a", backend: ["gpu-1", "gpu1"] }] })).toMatchObject([
    { path: ["inboxes", 0, "backend", 1], suggestion: "gpu-1" },
  ]);
  expect(issues({ backends: [...backends, ...backends] })).toMatchObject([{ path: ["backends", 1, "name"] }]);
});

test("templates know their places and leave other braces alone", () => {
  expect(config(inInbox({ prompt: "{name} in {red|blue}, {2024}" })).inboxes[0]?.prompt).toContain("{red|blue}");
  expect(issues(inInbox({ prompt: "{nmae}" }))).toMatchObject([
    { message: expect.stringContaining("unknown place {nmae}") },
  ]);
  expect(issues(inInbox({ name: "../{name}.{ext}" }))).toHaveLength(1);
  expect(issues(inInbox({ name: "{name}.jpg" }))).toHaveLength(1);
});

test("a look is each, shoot, a .cube or a name", () => {
  const lookOf = (keys: Record<string, unknown>) => config(inInbox(keys)).inboxes[0]?.look;
  expect(lookOf({ look: "looks/Film.CUBE" })).toEqual({ kind: "file", file: "looks/Film.CUBE" });
  expect(lookOf({ look: "each" })).toEqual({ kind: "each" });
  expect(lookOf({ look: "Golden hour" })).toEqual({ kind: "named", name: "Golden hour" });
  const shoot = { look: "shoot", shootGap: "1h", heroes: 3, outsideMax: 0.5 };
  expect(lookOf(shoot)).toEqual({ kind: "shoot", gapMs: 3_600_000, heroes: 3, outsideMax: 0.5 });
  expect(issues(inInbox({ look: "shoot", onSpatial: "local" }))).toMatchObject([{ path: ["inboxes", 0, "onSpatial"] }]);
  for (const look of ["looks/film", " film", "a".repeat(65)]) expect(issues(inInbox({ look }))).toHaveLength(1);
});

test("headers and time limits of a backend are checked, and headers that are not its own are refused", () => {
  const backend = (keys: object) => ({ backends: [{ name: "gpu-1", kind: "comfyui", url: "http://h:8188", ...keys }] });
  const given = config(backend({ headers: { "X-Api-Key": "k" }, timeouts: { transfer: "1h" } })).backends[0];
  expect(given).toMatchObject({ headers: { "X-Api-Key": "k" }, timeouts: { transferMs: 3_600_000, answerMs: 30_000 } });
  for (const name of ["Authorization", "host", "Content-Type", "a b"])
    expect(issues(backend({ headers: { [name]: "x" } })), name).toHaveLength(1);
  expect(issues(backend({ headers: { "X-A": "one\r\ntwo" } }))).toHaveLength(1);
  expect(issues(backend({ timeouts: { answer: "0s" } }))).toHaveLength(1);
});

/** Programs and webhooks that are told of outcomes: the real program, real processes, a server that fails in every way. */
import { createHmac } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeProject, type TestProject } from "../support/program.ts";
import { frame } from "../support/shoot.ts";
import { startWebhook, type Webhook } from "../support/webhook.ts";

const SECRET = "a-secret-nobody-may-read";
const ROOT = join(import.meta.dirname, "../..");
let webhook: Webhook;
let project: TestProject;

const open = (keys: string, more = "") => {
  project = makeProject(`
log: { level: debug }
${more}
inboxes: [{ path: inbox, outbox: graded, settle: 100ms, rescan: 1s, ${keys} }]
`);
};
const hook = (keys = "") => `{ url: "${webhook.url}", secret: ${SECRET}${keys} }`;
const put = async (name: string | Buffer, n = 0) => {
  const to = Buffer.concat([Buffer.from(`${project.inbox}/`), Buffer.from(name)]);
  writeFileSync(to, await frame(n));
};
/** A program in the project that does this with `news`, the JSON it read. */
const program = (name: string, body: string) => {
  const file = join(project.root, name);
  writeFileSync(
    file,
    `import { appendFileSync, readFileSync, writeFileSync } from "node:fs"; import { spawn } from "node:child_process";
const news = JSON.parse(readFileSync(0, "utf8")); ${body}`,
  );
  return file;
};
const lines = (name: string) =>
  existsSync(join(project.root, name))
    ? readFileSync(join(project.root, name), "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line))
    : [];
const bodies = () => webhook.posted.map(({ body }) => body);
/** What has ended and only waits to be buried is not alive. */
const isAlive = (pid: number) => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
};
type Status = { hooks: { hook: string; waiting: number; givenUp: number; reason: string }[] };
const status = async () => (await project.json("status")) as Status;

beforeEach(async () => {
  webhook = await startWebhook();
});
afterEach(async () => {
  project.remove();
  await webhook.close();
});

describe("a program", () => {
  test("reads the news on its input, in the project's folder, with nothing of our environment that it needs not", async () => {
    open(`hooks: { onDone: { run: ["${process.execPath}", tell.mjs, "a b", "$HOME"] } }`);
    program(
      "tell.mjs",
      `appendFileSync("told", JSON.stringify({ news, words: process.argv.slice(2), cwd: process.cwd(), env: Object.keys(process.env) }) + "\\n");`,
    );
    await put("a.jpg");
    process.env.HOTGRADE_TEST_TOKEN = "x";
    expect((await project.run("once")).code).toBe(0);
    delete process.env.HOTGRADE_TEST_TOKEN;
    const [told, ...more] = lines("told");
    expect(more).toEqual([]);
    expect(told.words).toEqual(["a b", "$HOME"]);
    expect(told.cwd.endsWith(project.root)).toBe(true);
    expect(told.env).toContain("PATH");
    expect(told.env).not.toContain("HOTGRADE_TEST_TOKEN");
    const { jobs } = (await project.json("jobs")) as { jobs: { id: string }[] };
    expect(told.news).toMatchObject({
      version: 1,
      event: "done",
      job: jobs[0]!.id,
      inbox: project.inbox,
      path: "a.jpg",
      original: join(project.inbox, "a.jpg"),
      outputs: [{}, {}, { path: join(project.outbox, "a.jpg") }],
      code: null,
      sentence: null,
    });
    expect(Date.parse(told.news.at)).toBeGreaterThan(0);
  });

  test("that hangs is ended at its limit with all it started, and the line goes on meanwhile", async () => {
    open(`hooks: { onDone: { run: ["${process.execPath}", hang.mjs], timeout: 3s } }`);
    program(
      "hang.mjs",
      `const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]); console.log("I hang");
       appendFileSync("pids", JSON.stringify([process.pid, child.pid]) + "\\n"); setInterval(() => {}, 1000);`,
    );
    for (let n = 0; n < 6; n++) await put(`${n}.jpg`, n);
    const daemon = await project.start();
    await daemon.until(() => daemon.lines.filter(({ message }) => message === "photo done").length === 6);
    // More photos than are told at once: the line waited for none of them.
    await daemon.until(() => daemon.lines.filter(({ message }) => message === "hook was not told").length === 6);
    const pids = lines("pids").flat() as number[];
    expect(pids).toHaveLength(12);
    expect(pids.filter(isAlive)).toEqual([]);
    const said = daemon.lines.find(({ message }) => message === "hook was not told")!;
    expect([said.code, said.reason, said.said]).toEqual([
      "hook-failed",
      expect.stringContaining("was ended after 3000 ms"),
      expect.stringContaining("I hang"),
    ]);
    expect((await status()).hooks).toMatchObject([{ hook: "onDone", waiting: 0, givenUp: 6 }]);
    expect((await project.run("status")).stdout).toContain("onDone fails, 6 given up");
    await daemon.kill("SIGTERM");
  });

  test("that fails, or is not there, is said and blocks nothing; check finds the missing one", async () => {
    open("hooks: { onDone: { run: [no-such-program] } }");
    await put("a.jpg");
    expect((await project.run("once")).code).toBe(0);
    expect((await status()).hooks).toMatchObject([
      { givenUp: 1, reason: expect.stringContaining("cannot be started") },
    ]);
    const checked = await project.run("check");
    expect([checked.code, checked.stdout]).toEqual([1, expect.stringContaining("There is no program no-such-program")]);
  });
});

describe("a webhook", () => {
  test("is posted to with a signature over time and text, again after 500 and 429, under the same id", async () => {
    open(`hooks: { onDone: ${hook()} }`);
    webhook.answer = (_posted, n) => ({ status: [500, 429, 204][n] ?? 200, headers: { "retry-after": "1" } });
    await put("a.jpg");
    const daemon = await project.start();
    await daemon.line(({ message }) => message === "hook was told");
    expect(webhook.posted.map(({ status }) => status)).toEqual([500, 429, 204]);
    expect(new Set(webhook.posted.map(({ text }) => text)).size).toBe(1);
    for (const { headers, text, body } of webhook.posted) {
      const stamp = headers["x-hotgrade-timestamp"] as string;
      expect(Math.abs(Date.now() / 1000 - Number(stamp))).toBeLessThan(120);
      const expected = createHmac("sha256", SECRET).update(`${stamp}.${text}`).digest("hex");
      expect(headers["x-hotgrade-signature"]).toBe(`sha256=${expected}`);
      expect([headers["x-hotgrade-delivery"], headers["x-hotgrade-event"]]).toEqual([body.id, "done"]);
    }
    const log = JSON.stringify(daemon.lines) + JSON.stringify(await status());
    expect([log.includes(SECRET), log.includes("verysecretpath")]).toEqual([false, false]);
    expect((await status()).hooks).toEqual([]);
    await daemon.kill("SIGTERM");
  });

  test("that refuses or redirects is given up at once, and redirects are not followed", async () => {
    open(`hooks: { onDone: ${hook()} }`);
    const other = await startWebhook();
    webhook.answer = (_posted, n) => (n === 0 ? { status: 404 } : { status: 307, headers: { location: other.url } });
    await put("a.jpg");
    await put("b.jpg", 1);
    expect((await project.run("once")).code).toBe(0);
    expect([webhook.posted.length, other.posted.length]).toEqual([2, 0]);
    expect((await status()).hooks).toMatchObject([{ waiting: 0, givenUp: 2 }]);
    await other.close();
  });

  test("that hangs does not keep once longer than its limit; what was not told is told by the next run", async () => {
    open(`hooks: { onDone: ${hook(", timeout: 1s")} }`);
    webhook.answer = () => "hang";
    await put("a.jpg");
    expect((await project.run("once")).code).toBe(0);
    expect((await status()).hooks).toMatchObject([
      { waiting: 1, givenUp: 0, reason: expect.stringContaining("did not answer within 1000 ms") },
    ]);
    webhook.answer = () => ({ status: 200 });
    const daemon = await project.start();
    await daemon.line(({ message }) => message === "hook was told");
    expect(new Set(bodies().map(({ id }) => id)).size).toBe(1);
    await daemon.kill("SIGTERM");
  });

  test("hears of everything once the daemon, killed between outcome and telling, is back, in order for each job", async () => {
    open(`review: true, hooks: { onDone: ${hook()}, onHeld: ${hook()} }`);
    webhook.answer = () => "hang";
    for (let n = 0; n < 3; n++) await put(`${n}.jpg`, n);
    const daemon = await project.start();
    await daemon.until(() => daemon.lines.filter(({ message }) => message === "photo held for a person").length === 3);
    await project.run("approve", "--all");
    await daemon.until(() => daemon.lines.filter(({ message }) => message === "photo done").length === 3);
    await daemon.kill("SIGKILL");
    const before = bodies().map(({ id }) => id);
    webhook.posted.length = 0;
    webhook.answer = () => ({ status: 200 });
    const again = await project.start();
    await again.until(() => again.lines.filter(({ message }) => message === "hook was told").length === 6);
    expect(bodies().map(({ id }) => id)).toEqual(expect.arrayContaining(before));
    expect(new Set(bodies().map(({ id }) => id)).size).toBe(6);
    for (const name of ["0.jpg", "1.jpg", "2.jpg"])
      expect(
        bodies()
          .filter(({ path }) => path === name)
          .map(({ event }) => event),
      ).toEqual(["held", "done"]);
    const held = bodies().find(({ event }) => event === "held")!;
    expect(held).toMatchObject({ code: "review", sentence: expect.stringContaining("approve"), outputs: [] });
    expect(existsSync(held.proof as string)).toBe(true);
    await again.kill("SIGTERM");
    // And nothing twice when all is told.
    const count = webhook.posted.length;
    await project.run("once");
    expect(webhook.posted).toHaveLength(count);
  });
});

test("a hook that hangs keeps no other from being told, and `once` no longer than its first news", async () => {
  const other = await startWebhook();
  open(
    `hooks: { onDone: ${hook(", timeout: 1h")} } }, { path: second, outbox: graded-2, settle: 100ms, rescan: 1s`,
    `hooks: { onDone: { url: "${other.url}" } }`,
  );
  webhook.answer = () => "hang";
  for (let n = 0; n < 12; n++) await put(`${n}.jpg`, n);
  const daemon = await project.start();
  await daemon.until(() => daemon.lines.filter(({ message }) => message === "photo done").length === 12);
  mkdirSync(join(project.root, "second"), { recursive: true });
  writeFileSync(join(project.root, "second/a.jpg"), await frame(20));
  await daemon.line(({ message }) => message === "hook was told");
  expect([other.posted.length, webhook.posted.length]).toEqual([1, 4]);
  await daemon.kill("SIGTERM");
  const file = join(project.root, "hotgrade.yaml");
  writeFileSync(file, readFileSync(file, "utf8").replace("timeout: 1h", "timeout: 1s"));
  webhook.posted.length = 0;
  expect((await project.run("once")).code).toBe(0);
  expect(webhook.posted.length).toBeLessThan(12);
  await other.close();
});

test("an inbox's own hook wins key by key, and names that are no UTF-8 come with their bytes", async () => {
  const own = await startWebhook();
  open(`hooks: { onDone: { url: "${own.url}" } }`, `hooks: { onDone: ${hook()}, onFailed: ${hook()} }`);
  await put(Buffer.from([0x61, 0xff, 0x2e, 0x6a, 0x70, 0x67]));
  expect((await project.run("once")).code).toBe(0);
  expect([own.posted.length, webhook.posted.length]).toEqual([1, 0]);
  const { path, pathBase64 } = own.posted[0]!.body;
  expect([path, Buffer.from(pathBase64 as string, "base64")]).toEqual([
    "a\ufffd.jpg",
    Buffer.from([0x61, 0xff, 0x2e, 0x6a, 0x70, 0x67]),
  ]);
  expect(own.posted[0]!.headers["x-hotgrade-signature"]).toBeUndefined();
  // Photos without an inbox are told of by the hooks of all.
  expect((await project.run("grade", join(ROOT, "samples/bowl-display-p3.jpg"), "--out", "out")).code).toBe(0);
  expect(bodies()).toMatchObject([{ event: "done", inbox: null }]);
  await own.close();
});

test("a photo that fails for good is told of with code, sentence and hint", async () => {
  open(
    `hooks: { onFailed: ${hook()} }, workflow: nowhere`,
    `backends: [{ name: gpu, kind: comfyui, url: "http://127.0.0.1:9" }]`,
  );
  await put("a.jpg");
  const daemon = await project.start();
  await daemon.line(({ message }) => message === "hook was told");
  expect(bodies()[0]).toMatchObject({
    event: "failed",
    code: expect.any(String),
    sentence: expect.any(String),
    hint: expect.any(String),
  });
  await daemon.kill("SIGTERM");
});

test("a hook that is neither program nor address, or both, is refused with its place", async () => {
  open("hooks: { onDone: { timeout: 5s } }");
  expect((await project.run("check")).stderr).toContain("expected `run` or `url`");
  writeFileSync(join(project.root, "hotgrade.yaml"), 'hooks: { onDone: { url: "ftp://x" } }\n');
  expect((await project.run("check")).stderr).toContain("https:// or http://");
});

/** The comfyui backend against a server that misbehaves: nothing is lost, nothing is done twice, everything is told. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import sharp, { type Metadata } from "sharp";
import { describe, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { readQueue } from "../../src/adapters/backends/comfyui/answers.ts";
import { connectSocket } from "../../src/adapters/backends/comfyui/socket.ts";
import { options as schema } from "../../src/adapters/backends/comfyui.ts";
import type { PathText } from "../../src/core/inbox/path-text.ts";
import type { Backend, Submission } from "../../src/ports.ts";
import { ids, jumpingClock, keepingLog, openRig, type Rig, smallWorkflow, use } from "../support/backend-rig.ts";

const POLL = { timeout: 15_000, interval: 10 };
const MINUTE_MS = 60_000;

const becomes = (backend: Backend, submission: Submission, kind: string) =>
  expect.poll(() => backend.progress(submission), POLL).toMatchObject({ kind });

async function fetched({ backend, folder }: Rig, submission: Submission): Promise<Metadata> {
  const progress = await backend.progress(submission);
  if (progress.kind !== "finished") throw new Error(`it is ${progress.kind}`);
  const to = join(folder, `${submission.ticket}.png`) as PathText;
  await backend.picture(submission, progress.pictures[0]!, to);
  return await sharp(to, { failOn: "warning" }).metadata();
}

/** A server that is no ComfyUI, or stands before one. */
async function serve(listener: RequestListener) {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const clientIds = async ({ server }: Rig): Promise<string[]> => {
  const queue = (await (await fetch(`${server.url}/queue`)).json()) as Record<
    string,
    [number, string, object, { client_id: string }][]
  >;
  return [...queue.queue_running!, ...queue.queue_pending!].map(([, , , extra]) => extra.client_id);
};

describe("sending", () => {
  test("rule 9: a lost answer is cleared up by looking, and the prompt is not posted again", async () => {
    await using rig = await openRig();
    const submission = await rig.submission();
    rig.server.misbehave("lose-reply", 1);
    await rig.backend.submit(submission);
    await becomes(rig.backend, submission, "finished");
    expect(rig.server.prompts).toEqual([submission.ticket]);
  });

  test("rule 9: a request lost on the way is told as unsure, and a second submit posts it once", async () => {
    await using rig = await openRig();
    const submission = await rig.submission();
    rig.server.misbehave("lose-request", 1);
    const lost = { code: "backend-unreachable", data: { unsure: true } };
    await expect(rig.backend.submit(submission)).rejects.toMatchObject(lost);
    await rig.backend.submit(submission);
    await becomes(rig.backend, submission, "finished");
    expect(rig.server.prompts).toEqual([submission.ticket]);
  });

  test("rule 9: after a restart of the program the prompt is found and not posted again", async () => {
    await using rig = await openRig();
    const submission = await rig.submission();
    rig.server.hold();
    await rig.backend.submit(submission);
    await rig.reopen().submit(submission);
    rig.server.release();
    const later = rig.reopen();
    await becomes(later, submission, "finished");
    await later.submit(submission);
    expect(rig.server.prompts).toEqual([submission.ticket]);
  });

  test("rule 9: an answer that never comes is told as unsure, since the prompt may have been taken", async () => {
    await using deaf = await serve(({ method, url = "" }, response) => {
      if (method === "POST") return; // taken, and never answered
      const queue = { queue_running: [], queue_pending: [] };
      const stats = { system: { comfyui_version: "0.3.64" } };
      response.end(JSON.stringify(url === "/queue" ? queue : url === "/system_stats" ? stats : {}));
    });
    await using rig = await openRig();
    await using behind = await openRig({ config: { url: deaf.url }, timeouts: { answerMs: 100 } });
    const silent = { code: "backend-unreachable", data: { unsure: true, timeoutMs: 100 } };
    await expect(behind.backend.submit(await rig.submission())).rejects.toMatchObject(silent);
  });

  test("rule 6: a prompt that comes in late, after a lost connection, is found by the second look", async () => {
    let [looks, posts] = [0, 0];
    let late: readonly unknown[] = [];
    await using slow = await serve(async (request, response) => {
      const { method, url = "" } = request;
      if (method === "POST") {
        posts++;
        return void request.socket.destroy();
      }
      const pending = url === "/queue" && ++looks === 5 ? [late] : [];
      const queue = { queue_running: [], queue_pending: pending };
      const stats = { system: { comfyui_version: "0.3.64" } };
      if (url.startsWith("/view")) response.writeHead(404);
      response.end(JSON.stringify(url === "/queue" ? queue : url === "/system_stats" ? stats : {}));
    });
    await using rig = await openRig();
    await using behind = await openRig({ config: { url: slow.url } });
    const submission = await rig.submission();
    late = [0, submission.ticket, {}, {}, []];
    await expect(behind.backend.submit(submission)).rejects.toMatchObject({ data: { unsure: true } });
    expect([looks, posts]).toEqual([3, 1]);
    await behind.backend.submit(submission);
    expect([looks, posts]).toEqual([5, 1]);
  });

  test("a question is asked again where the kept connection turns out to be gone", async () => {
    let asked = 0;
    await using flaky = await serve((request, response) => {
      if (++asked === 1) return void request.socket.destroy();
      response.end('{"exec_info":{"queue_remaining":0}}');
    });
    await using rig = await openRig({ config: { url: flaky.url } });
    await rig.backend.probe();
    expect(asked).toBe(2);
  });

  test("the queue is read in the order it will run", () => {
    const item = (number: number) => [number, `p${number}`, {}, {}, []];
    const queue = readQueue({ queue_running: [], queue_pending: [1, 4, 2, 5].map(item) });
    expect(queue?.pending.map(({ pid }) => pid)).toEqual(["p1", "p2", "p4", "p5"]);
  });

  test("a server that is down is unreachable, and surely took nothing", async () => {
    await using rig = await openRig();
    const submission = await rig.submission();
    await rig.server.kill();
    const down = { code: "backend-unreachable", data: { unsure: false } };
    await expect(rig.backend.submit(submission)).rejects.toMatchObject(down);
    await expect(rig.backend.probe()).rejects.toMatchObject(down);
    await rig.server.start();
    await rig.backend.probe();
  });

  test("rule 10: a prompt never names its number", async () => {
    const bodies: Record<string, unknown>[] = [];
    await using front = await serve(async (request, response) => {
      let text = "";
      for await (const chunk of request) text += chunk;
      const { url = "" } = request;
      if (request.method === "POST" && url === "/prompt") bodies.push(JSON.parse(text));
      const queue = { queue_running: [], queue_pending: [] };
      const stats = { system: { comfyui_version: "0.3.64" } };
      const answer = url === "/queue" ? queue : url === "/system_stats" ? stats : { prompt_id: "x" };
      response.end(JSON.stringify(url.startsWith("/history") ? {} : answer));
    });
    await using rig = await openRig();
    await using behind = await openRig({ config: { url: front.url, token: "secret" } });
    await behind.backend.submit(await rig.submission());
    expect(Object.keys(bodies[0]!).sort()).toEqual(["client_id", "prompt", "prompt_id"]);
  });

  test("rule 8: an older server that chooses its own ids is followed by our prefix, even after a restart of the program", async () => {
    await using rig = await openRig({ server: { promptIds: "server", version: "0.3.40" } });
    const submission = await rig.submission();
    rig.server.hold();
    await rig.backend.submit(submission);
    const later = rig.reopen();
    expect(await later.progress(submission)).toMatchObject({ kind: "running" });
    await later.submit(submission);
    rig.server.release();
    await becomes(rig.reopen(), submission, "finished");
    await becomes(rig.backend, submission, "finished");
    expect(rig.server.prompts.length).toBe(1);
    expect(rig.server.prompts).not.toContain(submission.ticket);

    rig.server.misbehave("out-of-memory", 1);
    const failing = await rig.submission({ seed: 9 });
    await rig.backend.submit(failing);
    await becomes(rig.backend, failing, "failed");
    expect(await rig.reopen().progress(failing)).toMatchObject({ code: "backend-out-of-memory" });
  });

  test("rule 8: a later server takes our ids, which are canonical", async () => {
    await using rig = await openRig({ server: { promptIds: "canonical", version: "0.4.0" } });
    const submission = await rig.submission();
    await rig.backend.submit(submission);
    await becomes(rig.backend, submission, "finished");
    expect(rig.server.prompts).toEqual([submission.ticket]);
  });

  test("rule 11: two tickets of one plate run at once and are told apart", async () => {
    await using rig = await openRig();
    const [first, second] = [await rig.submission(), await rig.submission({ seed: 8 })];
    rig.server.hold();
    await Promise.all([rig.backend.submit(first), rig.backend.submit(second)]);
    await rig.server.until(({ renders }) => renders.length === 1);
    const kinds = await Promise.all([first, second].map((each) => rig.backend.progress(each)));
    expect(kinds.map(({ kind }) => kind).sort()).toEqual(["pending", "running"]);
    expect(kinds.find(({ kind }) => kind === "pending")).toMatchObject({ ahead: 1 });
    rig.server.release();
    await becomes(rig.backend, first, "finished");
    await becomes(rig.backend, second, "finished");
    const names = await Promise.all([first, second].map((each) => rig.backend.progress(each)));
    expect(JSON.stringify(names[0])).toContain(first.ticket);
    expect(JSON.stringify(names[1])).toContain(second.ticket);
  });
});

describe("refusals", () => {
  test("a missing model file is named, with the folder it belongs in", async () => {
    await using rig = await openRig({ server: { models: { vae: [] } } });
    await expect(rig.backend.submit(await rig.submission())).rejects.toMatchObject({
      code: "backend-rejected",
      message: expect.stringMatching(/"ae\.safetensors" that node 3 \(VAELoader.*put it into ComfyUI's models\/vae\//),
    });
    const findings = await rig.backend.check([use("small")]);
    expect(findings.filter(({ level }) => level === "error")).toMatchObject([
      { code: "workflow-unready", message: expect.stringContaining("models/vae/") },
    ]);
  });

  test("a missing node is named, and a new one asks for a newer ComfyUI", async () => {
    const flux2 = readFileSync(join(import.meta.dirname, "../../workflows/flux2-klein-color-grade.json"), "utf8");
    const server = { missingNodes: ["EmptyFlux2LatentImage", "Flux2Scheduler", "FluxGuidance"] };
    await using rig = await openRig({ server, workflows: { flux2 } });
    const refused = rig.backend.submit(await rig.submission());
    await expect(refused).rejects.toMatchObject({
      code: "backend-rejected",
      message: expect.stringContaining('no node "FluxGuidance"'),
    });
    const told = (await rig.backend.check([use("small"), use("flux2")])).map(({ message }) => message).join("\n");
    expect(told).toMatch(
      /ComfyUI is 0\.3\.64, workflow flux2 needs 0\.3\.72 or newer \(it lacks EmptyFlux2LatentImage, Flux2Scheduler\)/,
    );
    expect(told).toMatch(/FluxGuidance.*install the custom node/);
  });

  test("a refused value is told with its node, title and input", async () => {
    const graph = smallWorkflow();
    graph["11"]!.inputs.cfg = -5;
    graph["11"]!._meta = { title: "The sampler @seed" };
    await using rig = await openRig({ workflows: { bad: JSON.stringify(graph) } });
    await expect(rig.backend.submit(await rig.submission({ workflow: "bad" }))).rejects.toMatchObject({
      code: "backend-rejected",
      message: 'ComfyUI refuses node 11 (KSampler, "The sampler @seed"), input cfg: Value -5 smaller than min of 0.',
    });
  });

  test("rule 3: a prompt that runs only without our result is refused, and the rest is taken back", async () => {
    const graph = smallWorkflow();
    graph["11"]!.inputs.cfg = -5;
    // With a second saver that is fine, ComfyUI accepts the prompt and leaves our result out.
    graph["90"] = { class_type: "SaveImage", inputs: { images: ["4", 0], filename_prefix: "x" } };
    await using rig = await openRig({ workflows: { half: JSON.stringify(graph) } });
    rig.server.hold();
    const submission = await rig.submission({ workflow: "half" });
    await expect(rig.backend.submit(submission)).rejects.toMatchObject({
      code: "backend-rejected",
      message: expect.stringContaining("input cfg"),
    });
    expect(rig.server.prompts).toEqual([submission.ticket]);
    expect(rig.server.remaining()).toBe(0);
  });

  test("a plate that is gone over there can be put again", async () => {
    await using rig = await openRig();
    const submission = await rig.submission();
    rmSync(join(rig.server.dir, "input/hotgrade"), { recursive: true });
    const gone = { code: "backend-failed", data: { plateMissing: true } };
    await expect(rig.backend.submit(submission)).rejects.toMatchObject(gone);
    await rig.backend.put({ ...rig.plate, folder: "hotgrade/2026-11-22" });
    await rig.backend.submit(submission);
    await becomes(rig.backend, submission, "finished");
  });

  test("a workflow or parameter that is wrong never leaves the house", async () => {
    await using rig = await openRig();
    const none = rig.backend.submit(await rig.submission({ workflow: "none" }));
    await expect(none).rejects.toMatchObject({ code: "workflow-missing" });
    const odd = rig.backend.submit(await rig.submission({ params: { stength: 1 } }));
    await expect(odd).rejects.toMatchObject({ code: "workflow-invalid", message: expect.stringMatching(/stength/) });
    expect(rig.server.prompts).toEqual([]);
    expect(await rig.backend.check([use("none")])).toContainEqual(
      expect.objectContaining({ code: "workflow-missing" }),
    );
  });
});

describe("endings", () => {
  test("rule 4: out of memory has its own code", async () => {
    await using rig = await openRig();
    rig.server.misbehave("out-of-memory", 1);
    const submission = await rig.submission();
    await rig.backend.submit(submission);
    await becomes(rig.backend, submission, "failed");
    expect(await rig.backend.progress(submission)).toMatchObject({ code: "backend-out-of-memory" });
  });

  test("rule 4: a node's error is told with the node and what it said", async () => {
    await using rig = await openRig();
    rig.server.misbehave("node-error", 1);
    const submission = await rig.submission();
    await rig.backend.submit(submission);
    await becomes(rig.backend, submission, "failed");
    expect(await rig.backend.progress(submission)).toMatchObject({
      code: "backend-failed",
      message: expect.stringMatching(
        /^It failed at node 11 \(KSampler.*\): mat1 and mat2 shapes cannot be multiplied\.$/,
      ),
    });
  });

  test("rule 4: a run somebody interrupts is cancelled, not failed", async () => {
    await using rig = await openRig();
    rig.server.misbehave("interrupt", 1);
    const submission = await rig.submission();
    await rig.backend.submit(submission);
    await becomes(rig.backend, submission, "cancelled");
  });

  test("rule 5: a server that restarts in the middle forgets the ticket", async () => {
    await using rig = await openRig();
    rig.server.hold();
    const submission = await rig.submission();
    await rig.backend.submit(submission);
    await rig.server.until(({ renders }) => renders.length === 1);
    await rig.server.restart();
    expect(await rig.backend.progress(submission)).toMatchObject({ kind: "unknown" });
  });

  test("rule 7: a picture that outlived a restart is found by its name, unless it is cut short", async () => {
    await using rig = await openRig();
    const submission = await rig.submission();
    await rig.backend.submit(submission);
    await becomes(rig.backend, submission, "finished");
    await rig.server.restart();
    expect(await rig.backend.progress(submission)).toEqual({
      kind: "finished",
      pictures: [
        { slot: "result", name: `${submission.prefix}_00001_.png` },
        { slot: "baseline", name: `${submission.prefix}-baseline_00001_.png` },
      ],
      ranMs: null,
    });
    expect(await fetched(rig, submission)).toMatchObject({ format: "png", width: 64, height: 48 });
    truncateSync(join(rig.server.dir, "output", `${submission.prefix}_00001_.png`), 200);
    expect(await rig.backend.progress(submission)).toMatchObject({ kind: "unknown" });
  });

  test("rule 20: a job that moves is not stuck, however long it runs", async () => {
    await using rig = await openRig({ server: { renderMs: 400 } });
    const heard: number[] = [];
    let jumps = false;
    rig.backend.onNudge((_, fraction) => {
      if (fraction !== null && heard.push(fraction) && jumps) rig.clock.jump(9 * MINUTE_MS);
    });
    await rig.server.until((server) => server.socketCount() === 1);
    rig.server.hold();
    const submission = await rig.submission();
    await rig.backend.submit(submission);
    await becomes(rig.backend, submission, "running");
    jumps = true;
    rig.server.release();
    await expect.poll(() => heard.length, POLL).toBeGreaterThan(3);
    expect((await rig.backend.progress(submission)).kind).toBe("running");
    await becomes(rig.backend, submission, "finished");
    expect(heard.every((fraction) => fraction >= 0 && fraction <= 1)).toBe(true);
  });
});

describe("cancelling", () => {
  test("rule 19: a pending prompt leaves the queue, and the running one goes on", async () => {
    await using rig = await openRig();
    rig.server.hold();
    const [first, second] = [await rig.submission(), await rig.submission()];
    await rig.backend.submit(first);
    await rig.server.until(({ renders }) => renders.length === 1);
    await rig.backend.submit(second);
    await rig.backend.cancel(second.ticket);
    expect(rig.server.remaining()).toBe(1);
    expect(await rig.backend.progress(second)).toEqual({ kind: "unknown", ran: false });
    rig.server.release();
    await becomes(rig.backend, first, "finished");
  });

  test("rule 19: a running prompt is interrupted by its id", async () => {
    await using rig = await openRig();
    rig.server.hold();
    const submission = await rig.submission();
    await rig.backend.submit(submission);
    await rig.server.until(({ renders }) => renders.length === 1);
    await rig.reopen().cancel(submission.ticket);
    expect(rig.server.remaining()).toBe(0);
    expect(await rig.backend.progress(submission)).toMatchObject({ kind: "cancelled" });
  });

  test("rule 19: a server that would interrupt anybody is not asked to", async () => {
    await using rig = await openRig({ server: { interrupts: "global", version: "0.3.56" } });
    rig.server.hold();
    const submission = await rig.submission();
    await rig.backend.submit(submission);
    await rig.server.until(({ renders }) => renders.length === 1);
    await rig.backend.cancel(submission.ticket);
    expect(rig.server.requests.get("POST /interrupt")).toBeUndefined();
    rig.server.release();
    await becomes(rig.backend, submission, "finished");
  });
});

describe("pictures", () => {
  test.each(["cut-view", "truncated-view"] as const)(
    "%s is noticed, leaves no file, and is fetched again",
    async (fault) => {
      await using rig = await openRig();
      const submission = await rig.submission();
      await rig.backend.submit(submission);
      await becomes(rig.backend, submission, "finished");
      rig.server.misbehave(fault, 1);
      await expect(fetched(rig, submission)).rejects.toMatchObject({ code: "picture-incomplete" });
      expect(existsSync(join(rig.folder, `${submission.ticket}.png`))).toBe(false);
      expect(await fetched(rig, submission)).toMatchObject({ format: "png", width: 64, height: 48 });
      expect(readdirSync(rig.folder).filter((name) => name.includes("tmp"))).toEqual([]);
    },
  );

  test("a picture deleted over there is lost, not fetched for ever", async () => {
    await using rig = await openRig();
    const submission = await rig.submission();
    await rig.backend.submit(submission);
    await becomes(rig.backend, submission, "finished");
    rmSync(join(rig.server.dir, "output", `${submission.prefix}_00001_.png`));
    expect(await rig.backend.progress(submission)).toMatchObject({ kind: "failed", code: "backend-lost" });
    const ref = { slot: "result", name: `${submission.prefix}_00001_.png` } as const;
    const to = join(rig.folder, "gone.png") as PathText;
    await expect(rig.backend.picture(submission, ref, to)).rejects.toMatchObject({ code: "backend-lost" });
  });

  test("rule 13: a plate that arrives cut short is noticed and sent again; a whole one is sent once", async () => {
    await using rig = await openRig();
    const put = () => rig.backend.put({ ...rig.plate, folder: "hotgrade/2026-11-22" });
    rig.server.misbehave("cut-upload", 1);
    await expect(put()).rejects.toMatchObject({ code: "backend-failed", message: expect.stringMatching(/cut short/) });
    expect(await put()).toBe(`hotgrade/2026-11-22/${rig.plate.sha256}.png`);
    await put();
    expect(rig.server.uploads.length).toBe(2);
    const stored = readFileSync(join(rig.server.dir, "input/hotgrade/2026-11-22", `${rig.plate.sha256}.png`));
    expect(stored.equals(rig.plate.bytes)).toBe(true);
  });

  test("an upload above the server's limit is refused for good", async () => {
    await using rig = await openRig({ server: { maxUploadBytes: 200 } });
    await expect(rig.submission()).rejects.toMatchObject({
      code: "backend-rejected",
      message: expect.stringMatching(/413/),
    });
    const told = (await rig.backend.check([use("small")])).filter(({ level }) => level === "warn");
    expect(told).toMatchObject([{ message: expect.stringContaining("--max-upload-size") }]);
  });

  test("two who ask for the rounding at once share one probe", async () => {
    await using rig = await openRig();
    expect(await Promise.all([rig.backend.rounding(), rig.backend.rounding()])).toEqual(["truncated", "truncated"]);
    expect(rig.server.prompts.length).toBe(1);
  });

  test("rounding is measured once, and taken for truncated where it cannot be", async () => {
    await using rig = await openRig();
    expect(await rig.backend.rounding()).toBe("truncated");
    await rig.backend.rounding();
    expect(rig.server.prompts.length).toBe(1);
    expect(rig.log.filter(({ phrase }) => phrase === "rounding not measured")).toEqual([]);

    await using poor = await openRig({ server: { missingNodes: ["ImageInvert"] } });
    expect(await poor.backend.rounding()).toBe("truncated");
    expect(poor.log.filter(({ phrase }) => phrase === "rounding not measured")).toMatchObject([{ level: "debug" }]);
  });
});

describe("what answers", () => {
  test("rule 21: a web page is not a ComfyUI", async () => {
    await using rig = await openRig();
    const submission = await rig.submission();
    rig.server.misbehave("not-comfyui");
    const code = { code: "backend-not-comfyui" };
    await expect(rig.backend.probe()).rejects.toMatchObject(code);
    await expect(rig.backend.submit(submission)).rejects.toMatchObject(code);
    await expect(rig.backend.progress(submission)).rejects.toMatchObject(code);
    const findings = await rig.backend.check([use("small")]);
    expect(findings.filter(({ level }) => level !== "ok")).toMatchObject([{ level: "error", ...code }]);
  });

  test.each([
    ["404", 404, "{}", "backend-not-comfyui"],
    ["a redirect", 302, "", "backend-not-comfyui"],
    ["other JSON", 200, '{"ok":true}', "backend-not-comfyui"],
    ["a proxy without its ComfyUI", 502, "<html>Bad Gateway</html>", "backend-unreachable"],
    ["a proxy that wants a token", 401, "", "backend-unreachable"],
    ["a sick server", 500, "500 Internal Server Error", "backend-unreachable"],
  ])("%s gets its code", async (_, status, body, code) => {
    await using other = await serve((_, response) => void response.writeHead(status).end(body));
    await using rig = await openRig({ config: { url: `${other.url}/` } });
    await expect(rig.backend.probe()).rejects.toMatchObject({ code });
  });

  test("the token and further headers go with every request, sockets too", async () => {
    const seen = new Map<string, string | undefined>();
    const keys = new Set<unknown>();
    const dialled = Promise.withResolvers<void>();
    await using other = await serve(({ headers, url }, response) => {
      seen.set(url!.slice(0, 4), headers.authorization);
      keys.add(headers["x-api-key"]);
      if (headers.upgrade === "websocket") dialled.resolve();
      response.end('{"exec_info":{"queue_remaining":0}}');
    });
    const headers = { "X-Api-Key": "key" };
    await using rig = await openRig({ config: { url: other.url, token: "secret", headers } });
    await rig.backend.probe();
    rig.backend.onNudge(() => {});
    await dialled.promise;
    expect(Object.fromEntries(seen)).toEqual({ "/pro": "Bearer secret", "/ws?": "Bearer secret" });
    expect([...keys]).toEqual(["key"]);
    expect(schema.safeParse({ name: "a", kind: "comfyui", url: "http://me:secret@box:8188" }).success).toBe(false);
    expect(schema.safeParse({ name: "a", kind: "comfyui", url: "box:8188" }).success).toBe(false);
  });

  test("a server that falls silent is given up after the time limit, or at once by the signal", async () => {
    await using rig = await openRig({ timeouts: { answerMs: 100 } });
    rig.backend.onNudge(() => {});
    await rig.server.until((server) => server.socketCount() === 1);
    const submission = await rig.submission();
    rig.server.misbehave("stall");
    const silent = { code: "backend-unreachable", data: { unsure: false, timeoutMs: 100 } };
    await expect(rig.backend.probe()).rejects.toMatchObject(silent);
    await expect(rig.backend.progress(submission)).rejects.toMatchObject({ code: "backend-unreachable" });
    await using patient = await openRig({ config: { url: rig.server.url }, timeouts: { answerMs: 600_000 } });
    const stop = new AbortController();
    const asked = patient.backend.probe(stop.signal);
    stop.abort(new Error("enough"));
    await expect(asked).rejects.toThrow("enough");
    await expect(rig.backend.submit(submission, stop.signal)).rejects.toThrow("enough");
  });

  test("closing ends what is under way, and leaves no socket", async () => {
    await using rig = await openRig();
    rig.backend.onNudge(() => {});
    await rig.server.until((server) => server.socketCount() === 1);
    rig.server.misbehave("stall");
    const asked = expect(rig.backend.probe()).rejects.toMatchObject({ code: "interrupted" });
    await rig.server.until(({ requests }) => requests.get("GET /prompt") === 1);
    await rig.backend.close();
    await asked;
    await rig.server.until((server) => server.socketCount() === 0);
    await expect(rig.backend.probe()).rejects.toMatchObject({ code: "interrupted" });
    await rig.backend.close();
  });
});

test("a closed backend lets the process end, whether its server is there or not", async () => {
  await using rig = await openRig();
  const backends = JSON.stringify(pathToFileURL(join(import.meta.dirname, "../../src/adapters/backends/comfyui.ts")));
  const program = `
    const { open, options } = await import(${backends});
    const log = { debug() {}, info() {}, warn() {}, error() {}, fatal() {} };
    const ids = { uuid: () => crypto.randomUUID(), random: Math.random, seed: () => 1 };
    const sleep = (ms, signal) => new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      signal?.addEventListener("abort", () => { clearTimeout(timer); resolve(); });
    });
    for (const url of process.argv.slice(1)) {
      const backend = open(options.parse({ name: "a", kind: "comfyui", url }), { clock: { now: Date.now, sleep }, ids, log });
      const nudged = new Promise((resolve) => backend.onNudge(resolve));
      const alive = await backend.probe().then(() => true, () => false);
      if (alive) await nudged;
      await backend.close();
      console.log(alive);
    }`;
  const args = ["--input-type=module", "--no-warnings", "--eval", program, rig.server.url, "http://127.0.0.1:9"];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 15_000 });
  expect(stdout.split("\n")).toEqual(["true", "false", ""]);
});

describe("the socket", () => {
  test("rule 16: it nudges for our tickets with a fraction that never falls, then without one, and not for those of others", async () => {
    await using rig = await openRig({ server: { renderMs: 50 } });
    const heard = new Map<string | null, (number | null)[]>();
    rig.backend.onNudge((ticket, fraction) => heard.set(ticket, [...(heard.get(ticket) ?? []), fraction]));
    await rig.server.until((server) => server.socketCount() === 1);
    const submission = await rig.submission();
    const foreign = { ...smallWorkflow() };
    foreign["4"]!.inputs.image = submission.placement;
    await fetch(`${rig.server.url}/prompt`, { method: "POST", body: JSON.stringify({ prompt: foreign }) });
    await rig.backend.submit(submission);
    await becomes(rig.backend, submission, "finished");
    expect([...heard.keys()].sort()).toEqual([submission.ticket, null].sort());
    await expect.poll(() => heard.get(submission.ticket)?.at(-1), POLL).toBeNull();
    const fractions = heard.get(submission.ticket)!.slice(0, -1) as number[];
    expect(fractions).toEqual(fractions.toSorted((one, other) => one - other));
    expect(fractions.at(-1)).toBe(0.99);
  });

  test("rule 1: a deaf one delays nothing but the nudge: polling finds the end", async () => {
    await using rig = await openRig();
    rig.server.misbehave("deaf");
    const heard: unknown[] = [];
    rig.backend.onNudge((ticket) => ticket !== null && heard.push(ticket));
    const submission = await rig.submission();
    await rig.backend.submit(submission);
    await becomes(rig.backend, submission, "finished");
    expect(heard).toEqual([]);
  });

  test("rule 17: a dropped one comes back under another client id, and is heard again", async () => {
    await using rig = await openRig();
    const heard = new Set<string | null>();
    rig.backend.onNudge((ticket) => heard.add(ticket));
    await rig.server.until((server) => server.socketCount() === 1);
    rig.server.hold();
    const first = await rig.submission();
    await rig.backend.submit(first);
    const before = await clientIds(rig);
    rig.server.dropSockets();
    await rig.server.until((server) => server.socketCount() === 0);
    await rig.server.until((server) => server.socketCount() === 1);
    await expect.poll(() => rig.log.filter(({ phrase }) => phrase === "socket open").length, POLL).toBe(2);
    const second = await rig.submission();
    await rig.backend.submit(second);
    const after = await clientIds(rig);
    expect(new Set(after).size).toBe(2);
    expect(after).toContain(before[0]);
    rig.server.release();
    await becomes(rig.backend, first, "finished");
    await becomes(rig.backend, second, "finished");
    expect(heard).toContain(second.ticket);
  });

  test("rule 18: one that answers no ping is given up for a new one", async () => {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1", autoPong: false });
    await once(server, "listening");
    const seen: string[] = [];
    const thrice = new Promise<void>((resolve) =>
      server.on("connection", (_, request) => {
        if (seen.push(request.url!) === 3) resolve();
      }),
    );
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const log = keepingLog([]);
    const wiring = { clock: jumpingClock(), ids, log, hear: () => {} };
    const socket = connectSocket({ url, connectMs: 1_000, idleMs: 10, reconnectMs: 1 }, wiring);
    socket.start();
    await thrice;
    await socket.close();
    expect(new Set(seen).size).toBe(seen.length);
    const closed = once(server, "close");
    server.close();
    await closed;
  });
});

/** What our client makes of the numbered rules, beyond comfyui-client.test.ts: it looks again, and sends plainly. */
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { PathText } from "../../src/core/inbox/path-text.ts";
import { parseGraph } from "../../src/core/workflow/graph.ts";
import type { Backend, Submission } from "../../src/ports.ts";
import { ids, openRig, smallWorkflow } from "../support/backend-rig.ts";

const POLL = { timeout: 15_000, interval: 10 };

const becomes = (backend: Backend, submission: Submission, kind: string) =>
  expect.poll(() => backend.progress(submission), POLL).toMatchObject({ kind });

/** A proxy before a ComfyUI that notes each request, and may change an answer's JSON. */
async function watch(url: string, change: (request: IncomingMessage, json: unknown) => unknown = (_, json) => json) {
  const seen: string[] = [];
  const server = createServer(async (request, response) => {
    seen.push(`${request.method} ${request.url!.split("?")[0]}`);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = chunks.length > 0 ? { body: Buffer.concat(chunks) } : {};
    const type = request.headers["content-type"];
    const headers = type ? { "content-type": type } : {};
    const answer = await fetch(url + request.url, { method: request.method!, headers, ...body });
    const bytes = Buffer.from(await answer.arrayBuffer());
    const isJson = answer.headers.get("content-type")?.startsWith("application/json") ?? false;
    const sent = isJson ? Buffer.from(JSON.stringify(change(request, JSON.parse(bytes.toString())))) : bytes;
    const length = request.method === "HEAD" ? (answer.headers.get("content-length") ?? "0") : String(sent.length);
    response.writeHead(answer.status, { "content-length": length }).end(sent);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

test("rule 2: looked at upon each word of the socket, a prompt is never unknown and never failed", async () => {
  await using rig = await openRig({ server: { renderMs: 30 } });
  const submission = await rig.submission();
  const kinds: Promise<string>[] = [];
  let listening = false;
  rig.backend.onNudge(() => {
    if (listening) kinds.push(rig.backend.progress(submission).then(({ kind }) => kind));
  });
  await rig.server.until((server) => server.socketCount() === 1);
  await rig.backend.submit(submission);
  listening = true;
  await becomes(rig.backend, submission, "finished");
  listening = false;
  const known = ["pending", "running", "finished"];
  expect((await Promise.all(kinds)).filter((kind) => !known.includes(kind))).toEqual([]);
  expect(kinds.length).toBeGreaterThan(3);
});

test("rule 6: the queue is asked first, then the history, and both again before a prompt counts as lost", async () => {
  await using rig = await openRig();
  await using front = await watch(rig.server.url);
  await using behind = await openRig({ config: { url: front.url } });
  const submission = await rig.submission();
  expect(await behind.backend.progress(submission)).toMatchObject({ kind: "unknown" });
  const asked = front.seen.filter((line) => / \/(queue|history)/.test(line)).map((line) => line.slice(0, 9));
  expect(asked).toEqual(["GET /queu", "GET /hist", "GET /queu", "GET /hist"]);
});

test("rule 11: every saver of a ticket has a prefix that holds the ticket", async () => {
  await using rig = await openRig();
  rig.server.hold();
  const submission = await rig.submission();
  await rig.backend.submit(submission);
  const { queue_running } = (await (await fetch(`${rig.server.url}/queue`)).json()) as {
    queue_running: [number, string, ReturnType<typeof smallWorkflow>][];
  };
  const prefixes = Object.values(queue_running[0]![2]).flatMap(({ inputs }) => inputs.filename_prefix ?? []);
  expect(prefixes.toSorted()).toEqual([submission.prefix, `${submission.prefix}-baseline`]);
});

test("rule 12: a run that is answered from the cache finishes with a picture of its own", async () => {
  await using rig = await openRig();
  const [first, again] = [await rig.submission(), await rig.submission()];
  await rig.backend.submit(first);
  await becomes(rig.backend, first, "finished");
  await rig.backend.submit(again);
  await becomes(rig.backend, again, "finished");
  expect(rig.server.renders.map(({ promptId }) => promptId)).toEqual([first.ticket]); // the second was not sampled
  const progress = await rig.backend.progress(again);
  const [picture] = progress.kind === "finished" ? progress.pictures : [];
  expect(picture).toEqual({ slot: "result", name: `${again.prefix}_00001_.png` });
  await rig.backend.picture(again, picture!, join(rig.folder, "again.png") as PathText);
});

test("rule 14: a plate that the server stored under another name or folder is not taken for ours", async () => {
  await using rig = await openRig();
  for (const other of [{ name: "plate (1).png" }, { subfolder: "elsewhere" }]) {
    const renamed = (request: IncomingMessage, json: unknown) =>
      request.url === "/upload/image" ? { ...(json as object), ...other } : json;
    await using front = await watch(rig.server.url, renamed);
    await using behind = await openRig({ config: { url: front.url } });
    const folder = `hotgrade/${ids.uuid()}`; // not there yet
    await expect(behind.backend.put({ ...behind.plate, folder })).rejects.toMatchObject({
      code: "backend-failed",
      message: expect.stringContaining("ComfyUI stored the plate as"),
    });
  }
});

test("rule 15: names that are not plain never leave the house", async () => {
  await using rig = await openRig();
  for (const folder of ["hotgrade/ü", "hotgrade/a b", "../x", "/etc", 'a"b', "a%2Fb"])
    await expect(rig.backend.put({ ...rig.plate, folder })).rejects.toMatchObject({ code: "internal" });
  for (const prefix of ["hotgrade/%date%", "../x", "a b"])
    await expect(rig.backend.submit(await rig.submission({ prefix }))).rejects.toMatchObject({ code: "internal" });
  expect(rig.server.prompts).toEqual([]);
  expect(new Set(rig.server.uploads.map(({ subfolder }) => subfolder))).toEqual(new Set(["hotgrade/2026-11-22"]));
});

test("rule 17: two clients of one configuration never share a client id", async () => {
  await using rig = await openRig();
  rig.server.hold();
  for (const backend of [rig.backend, rig.reopen()]) await backend.submit(await rig.submission());
  type Row = [number, string, object, { client_id: string }];
  const { queue_running, queue_pending } = (await (await fetch(`${rig.server.url}/queue`)).json()) as Record<
    string,
    Row[]
  >;
  const clients = [...queue_running!, ...queue_pending!].map(([, , , extra]) => extra.client_id);
  expect(new Set(clients).size).toBe(2);
});

test("rule 20: a workflow with a node without inputs is refused before it is sent", async () => {
  const graph: Record<string, unknown> = { ...smallWorkflow(), 77: { class_type: "ImageInvert" } };
  const text = JSON.stringify(graph);
  expect(() => parseGraph(text, "deadly")).toThrow(/node 77.*no inputs/);
  await using rig = await openRig({ workflows: { deadly: text } });
  await expect(rig.backend.submit(await rig.submission({ workflow: "deadly" }))).rejects.toMatchObject({
    code: "workflow-invalid",
  });
  expect(rig.server.prompts).toEqual([]);
});

test("rule 21: an empty 200 answers what needs no JSON, and a text body is told, not parsed", async () => {
  await using rig = await openRig({ server: { maxUploadBytes: 200 } });
  await rig.backend.cancel(ids.uuid());
  const { file, sha256, sizeBytes } = rig.plate;
  await expect(rig.backend.put({ file, sha256, sizeBytes, folder: "hotgrade/x" })).rejects.toMatchObject({
    code: "backend-rejected",
    message: expect.stringContaining("Maximum request body size 200 exceeded"),
  });
});

/** How a ComfyUI behaves, rules 1 to 4, 11, 12 and 20: the end of a run, its entry, the cache, the worker. */
import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { brief, standInOnly, unchecked, useTarget } from "../support/comfyui/target.ts";

const target = useTarget();

/** The files a prompt saved at node 3. */
const saved = async (promptId: string) => (await target.entry(promptId))?.outputs["3"]?.images;

test("rule 1: the history has no entry while a prompt waits or runs, and has one when it has ended", async () => {
  const busy = await target.occupy();
  const waiting = await target.post(target.graph("one"));
  expect(await target.entry(busy.promptId)).toBeUndefined();
  expect(await target.entry(waiting)).toBeUndefined();
  const { queue_running, queue_pending } = await target.queue();
  expect([queue_running, queue_pending].map((rows) => rows.map(([, id]) => id))).toEqual([[busy.promptId], [waiting]]);
  await busy.release();
  expect((await target.ended(waiting)).status).toMatchObject({ status_str: "success", completed: true });
});

test("rule 2: the entry is there from the closing status on, every time", async () => {
  for (let run = 0; run < 20; run++) {
    await target.client.idle(target.socket);
    const { promptId, heard } = await target.client.run(target.socket, target.graph(`two-${run}`));
    expect((await target.entry(promptId))?.status.status_str).toBe("success");
    expect(brief(heard).slice(-3)).toEqual(["execution_success", "status 0", "executing null"]);
  }
});

test("rule 3: a graph with one bad branch is taken, runs the good one and ends as success", async () => {
  const graph = target.graph("three");
  graph[9] = { class_type: "SaveImage", inputs: { filename_prefix: `${target.folder}/three-bad` } };
  const { status, json } = await target.client.post("/prompt", { prompt: graph, client_id: target.socket.clientId });
  expect(status).toBe(200);
  const { prompt_id, node_errors } = json as { prompt_id: string; node_errors: Record<string, unknown> };
  expect(node_errors).toMatchObject({ 9: { errors: [{ type: "required_input_missing" }], dependent_outputs: ["9"] } });
  const { status: end, outputs } = await target.ended(prompt_id);
  expect(end.status_str).toBe("success");
  expect(Object.keys(outputs)).toEqual(["3"]);
});

test("rule 4: a run that breaks is an error, and says where and why", async () => {
  await target.client.upload("zero.png", new Uint8Array(), { subfolder: target.folder });
  const graph = target.graph("four", `${target.folder}/zero.png`);
  const { promptId, heard } = await target.client.run(target.socket, graph);
  const end = ["executing 1", "execution_error", "status 0", "executing null"];
  expect(
    brief(heard)
      .filter((word) => !word.startsWith("progress"))
      .slice(-4),
  ).toEqual(end);
  const told = { prompt_id: promptId, node_id: "1", node_type: "LoadImage", exception_type: expect.any(String) };
  const { status, outputs } = (await target.entry(promptId))!;
  expect(status).toMatchObject({ status_str: "error", completed: false });
  expect(status.messages.at(-1)).toMatchObject(["execution_error", told]);
  expect(outputs).toEqual({});
});

test("rule 4: a run that somebody interrupts is an error, too", async (context) => {
  if (!target.since("0.3.57")) unchecked(context, "before 0.3.57 an interrupt might hit somebody else's run");
  const busy = await target.occupy();
  await target.client.post("/interrupt", { prompt_id: busy.promptId });
  const { status } = await target.ended(busy.promptId);
  expect(status).toMatchObject({ status_str: "error", completed: false });
  expect(status.messages.at(-1)).toMatchObject(["execution_interrupted", { prompt_id: busy.promptId }]);
  await busy.release();
});

test("rule 11: an equal graph is answered with the earlier file's name, another prefix saves anew", async (context) => {
  const first = await target.client.run(target.socket, target.graph("eleven"));
  const again = await target.client.run(target.socket, target.graph("eleven"));
  if (brief(again.heard).includes("executing 3")) unchecked(context, "it runs without a cache (--cache-none)");
  expect(await saved(again.promptId)).toEqual(await saved(first.promptId));
  const other = await target.client.run(target.socket, target.graph("eleven-b"));
  expect(brief(other.heard)).toContain("execution_cached 1,2");
  expect(await saved(other.promptId)).toMatchObject([{ filename: "eleven-b_00001_.png" }]);
});

test("rule 12: a cached run says nothing of its nodes but what they saved", async (context) => {
  await target.client.run(target.socket, target.graph("twelve"));
  await target.client.idle(target.socket);
  const { heard } = await target.client.run(target.socket, target.graph("twelve"));
  if (brief(heard).includes("executing 3")) unchecked(context, "it runs without a cache (--cache-none)");
  expect(brief(heard).filter((word) => !word.startsWith("progress_state"))).toEqual([
    ...["status 1", "status 1", "execution_start", "execution_cached 1,2,3", "executed 3"],
    ...["execution_success", "status 0", "executing null"],
  ]);
});

standInOnly(
  "rule 20: a node without inputs that nothing uses kills the worker for good",
  "it would kill the worker",
  async () => {
    const { own, client } = target;
    const killer = await target.post({ ...target.graph("twenty"), 77: { class_type: "ImageInvert" } });
    const after = await target.post(target.graph("twenty-after"));
    await target.socket.until(() => target.socket.heard.some(({ data }) => data.prompt_id === killer));
    await client.post("/interrupt", { prompt_id: killer });
    await client.post("/interrupt", {});
    const { queue_running, queue_pending } = await target.queue();
    expect([queue_running, queue_pending].map((rows) => rows.map(([, id]) => id))).toEqual([[killer], [after]]);
    expect((await client.get("/prompt")).json).toEqual({ exec_info: { queue_remaining: 2 } });
    expect([await target.entry(killer), await target.entry(after)]).toEqual([undefined, undefined]);
    await own.restart();
    expect(own.remaining()).toBe(0);
    const healed = await client.post("/prompt", { prompt: target.graph("twenty-healed"), prompt_id: randomUUID() });
    expect((await target.ended((healed.json as { prompt_id: string }).prompt_id)).status.status_str).toBe("success");
  },
);

standInOnly(
  "rule 20: so does extra_data that is null, posted without a client",
  "it would kill the worker",
  async () => {
    const sent = { prompt: target.graph("twenty-null"), prompt_id: randomUUID(), extra_data: null };
    expect((await target.client.post("/prompt", sent)).status).toBe(200);
    const after = await target.post(target.graph("twenty-null-after"));
    await target.own.until(({ remaining }) => remaining() === 2);
    const { queue_running, queue_pending } = await target.queue();
    expect([queue_running, queue_pending].map((rows) => rows.map(([, id]) => id))).toEqual([[sent.prompt_id], [after]]);
    await target.own.restart();
  },
);

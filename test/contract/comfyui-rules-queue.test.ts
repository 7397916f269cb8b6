/** How a ComfyUI behaves, rules 5 to 10 and 19: who waits, what is lost, ids, numbers, interrupts. */
import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { standInOnly, unchecked, useTarget } from "../support/comfyui/target.ts";

const target = useTarget();

const pending = async () => (await target.queue()).queue_pending.map(([, id]) => id);
const remove = (...ids: readonly string[]) => target.client.post("/queue", { delete: ids });

test("rule 5: a prompt deleted from the queue gets no entry and no message, ever", async () => {
  const busy = await target.occupy();
  const deleted = await target.post(target.graph("five"));
  const later = await target.post(target.graph("five-later"));
  const from = target.socket.heard.length;
  await remove(deleted, busy.promptId);
  expect(await pending()).toEqual([later]);
  expect((await target.queue()).queue_running.map(([, id]) => id)).toEqual([busy.promptId]);
  await busy.release();
  await target.ended(later);
  await target.client.idle(target.socket);
  expect(target.socket.heard.slice(from).filter(({ data }) => data.prompt_id === deleted)).toEqual([]);
  expect(await target.entry(deleted)).toBeUndefined();
});

test("rule 6: a prompt is in the queue until it is in the history; one lost looks like one never sent", async () => {
  const promptId = await target.post(target.graph("six"));
  for (;;) {
    const { queue_running, queue_pending } = await target.queue();
    const queued = [...queue_running, ...queue_pending].some(([, id]) => id === promptId);
    // Asked in this order there is no gap between the two.
    const entry = await target.entry(promptId);
    expect(queued || entry !== undefined).toBe(true);
    if (entry) break;
  }
  const busy = await target.occupy();
  const lost = await target.post(target.graph("six-lost"));
  await remove(lost);
  const [gone, never] = await Promise.all([lost, randomUUID()].map((id) => target.client.get(`/history/${id}`)));
  expect([gone!.status, gone!.json]).toEqual([never!.status, never!.json]);
  await busy.release();
});

standInOnly(
  "rule 7: a restart forgets queue, history and temp, keeps inputs and outputs, and counts from 0",
  "it would need a restart",
  async () => {
    const { client, own, folder } = target;
    await client.upload("t.png", target.photo, { type: "temp" });
    const done = await target.post(target.graph("seven"));
    await target.ended(done);
    own.hold();
    const before = own.renders.length;
    const running = await target.post(target.graph("seven-running"));
    await own.until(({ renders }) => renders.length > before);
    const waiting = await target.post(target.graph("seven-waiting"));
    await own.kill();
    await target.socket.until(() => target.socket.closeCode() !== undefined);
    expect(target.socket.closeCode()).toBe(1006);
    await expect(client.get("/prompt")).rejects.toThrow();
    own.release();
    await own.start();
    for (const id of [done, running, waiting]) expect(await target.entry(id)).toBeUndefined();
    expect(await target.queue()).toEqual({ queue_running: [], queue_pending: [] });
    const head = async (query: string) => (await client.ask("HEAD", `/view?${query}`)).status;
    expect(await head(`filename=seven_00001_.png&subfolder=${folder}`)).toBe(200);
    expect(await head(`filename=photo.png&subfolder=${folder}&type=input`)).toBe(200);
    expect(await head("filename=t.png&type=temp")).toBe(404);
    const anew = await client.post("/prompt", { prompt: target.graph("seven-anew"), prompt_id: randomUUID() });
    expect(anew.json).toMatchObject({ number: 0 });
    await target.ended((anew.json as { prompt_id: string }).prompt_id);
  },
);

test("rule 8: a canonical lower-case UUID of ours becomes the prompt's id", async (context) => {
  const prompt_id = randomUUID();
  const given = await target.post(target.graph("eight"), { prompt_id });
  if (!target.since("0.3.45")) {
    expect(given).not.toBe(prompt_id);
    unchecked(context, "before 0.3.45 the server chooses ids itself, and this one does");
  }
  expect(given).toBe(prompt_id);
  expect((await target.ended(prompt_id)).prompt[1]).toBe(prompt_id);
});

test("rule 9: the same id posted twice is queued twice, runs twice and has one entry, the later one", async (context) => {
  if (!target.since("0.3.45")) unchecked(context, "before 0.3.45 the server chooses ids itself");
  const prompt_id = randomUUID();
  const first = target.graph("nine-first");
  await target.post(first, { prompt_id });
  expect(Object.keys((await target.ended(prompt_id)).outputs)).toEqual(["3"]);
  const busy = await target.occupy();
  await target.post(target.graph("nine-second"), { prompt_id });
  await target.post(target.graph("nine-third"), { prompt_id });
  expect(await pending()).toEqual([prompt_id, prompt_id]);
  expect((await target.entry(prompt_id))?.prompt[2]).toEqual(first); // meanwhile the old entry is served
  await remove(prompt_id);
  expect(await pending()).toEqual([prompt_id]);
  await busy.release();
  await expect
    .poll(async () => (await target.entry(prompt_id))?.prompt[2], { timeout: 60_000, interval: 20 })
    .toEqual(target.graph("nine-third"));
});

standInOnly(
  "rule 10: an equal number and id are answered with 500, and queued all the same",
  "it could break the order of its queue, and with it the worker",
  async () => {
    const busy = await target.occupy();
    const more = { prompt_id: randomUUID(), number: 5 };
    await target.post(target.graph("ten"), more);
    const { status } = await target.client.post("/prompt", { prompt: target.graph("ten"), ...more });
    expect(status).toBe(500);
    expect(await pending()).toEqual([more.prompt_id, more.prompt_id]);
    await target.client.post("/queue", { clear: true });
    await busy.release();
  },
);

test("rule 19: an interrupt that names a prompt stops that one alone, and only if it runs", async (context) => {
  if (!target.since("0.3.57")) unchecked(context, "before 0.3.57 it interrupts whatever runs");
  const spared = await target.occupy();
  const next = await target.post(target.graph("nineteen"));
  for (const prompt_id of [next, randomUUID()])
    expect(await target.client.post("/interrupt", { prompt_id })).toMatchObject({ status: 200, text: "" });
  expect((await spared.finish()).status.status_str).toBe("success");
  expect((await target.ended(next)).status.status_str).toBe("success");

  const named = await target.occupy();
  const after = await target.post(target.graph("nineteen-after"));
  await target.client.post("/interrupt", { prompt_id: named.promptId });
  const { status, outputs } = await target.ended(named.promptId);
  expect(status.messages.at(-1)![0]).toBe("execution_interrupted");
  expect(outputs).toEqual({});
  await named.release();
  expect((await target.ended(after)).status.status_str).toBe("success");
});

standInOnly(
  "rule 19: an interrupt that names nobody stops whatever runs",
  "it might hit somebody else's run",
  async () => {
    const busy = await target.occupy();
    expect(await target.client.ask("POST", "/interrupt")).toMatchObject({ status: 200, text: "" });
    expect((await target.ended(busy.promptId)).status.messages.at(-1)![0]).toBe("execution_interrupted");
    await busy.release();
  },
);

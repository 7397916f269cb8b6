/** How a ComfyUI behaves, rules 16 to 18: what a socket hears of others, when it goes deaf, what it is never told. */
import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { brief, unchecked, useTarget } from "../support/comfyui/target.ts";

const target = useTarget();

test("rule 16: everybody hears the progress of a job without a client, and nothing else of it", async (context) => {
  if (!target.since("0.3.45")) unchecked(context, "before 0.3.45 there is no progress_state");
  await target.client.idle(target.socket);
  const from = target.socket.heard.length;
  const prompt_id = randomUUID();
  await target.client.post("/prompt", { prompt: target.graph("sixteen"), prompt_id });
  await target.ended(prompt_id);
  await target.socket.until(() => brief(target.socket.heard.slice(from)).includes("status 0"));
  const heard = target.socket.heard.slice(from);
  expect(new Set(heard.map(({ type }) => type))).toEqual(new Set(["status", "progress_state"]));
  const named = heard.filter(({ type }) => type === "progress_state");
  expect(named.every(({ data }) => data.prompt_id === prompt_id)).toBe(true);
});

test("rule 16: everybody hears of the interruption of a job without a client", async (context) => {
  if (!target.since("0.3.57")) unchecked(context, "before 0.3.57 an interrupt might hit somebody else's run");
  const other = await target.client.socket();
  const busy = await target.occupy({ client_id: undefined });
  await target.client.post("/interrupt", { prompt_id: busy.promptId });
  await target.ended(busy.promptId);
  await other.until(() => other.heard.some(({ type }) => type === "execution_interrupted"));
  await busy.release();
  await other.close();
});

test("rule 16: a client that is named hears of its own job alone", async () => {
  const other = await target.client.socket();
  await target.client.run(target.socket, target.graph("sixteen-own"));
  await target.client.idle(other);
  const kinds = new Set(other.heard.map(({ type }) => type));
  // From 0.3.45 until 0.3.58 progress_state goes to everybody.
  if (target.since("0.3.45") && !target.since("0.3.58")) kinds.delete("progress_state");
  expect(kinds).toEqual(new Set(["status"]));
  await other.close();
});

test("rule 17: when the older of two sockets with one client id closes, the newer goes deaf for good", async () => {
  const older = await target.client.socket();
  const newer = await target.client.socket(older.clientId);
  await older.close();
  // The server hears of the close before a job that another client sends after it.
  await target.client.get("/prompt");
  const from = newer.heard.length;
  await target.client.run(target.socket, target.graph("seventeen"));
  await newer.pong();
  expect([newer.heard.length, newer.closeCode()]).toEqual([from, undefined]);
  await newer.close();
});

test("rule 18: no ping comes, ours are answered, and nothing that was missed is repeated", async () => {
  const missed = await target.client.socket();
  const clientId = missed.clientId!;
  await missed.close();
  const prompt_id = randomUUID();
  await target.client.post("/prompt", { prompt: target.graph("eighteen"), prompt_id, client_id: clientId });
  await target.ended(prompt_id);
  await target.client.idle(target.socket);

  const line = new WebSocket(`${target.client.url.replace("http", "ws")}/ws?clientId=${clientId}`);
  const [heard, pings]: [string[], number[]] = [[], []];
  line.on("message", (data) => heard.push((JSON.parse(data.toString()) as { type: string }).type));
  line.on("ping", () => pings.push(Date.now()));
  await new Promise((resolve) => line.once("open", resolve));
  await target.client.run(target.socket, target.graph("eighteen-other"));
  const answered = new Promise((resolve) => line.once("pong", resolve));
  line.ping();
  await answered;
  expect([new Set(heard), pings]).toEqual([new Set(["status"]), []]);
  const closed = new Promise((resolve) => line.once("close", resolve));
  line.close();
  await closed;
});

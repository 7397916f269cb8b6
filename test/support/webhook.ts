/** A webhook's other end: remembers what was posted, and answers as it is told to. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

export type Posted = {
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>> & { readonly id: string; readonly event: string };
  readonly status: number;
};

export type Answer = { readonly status: number; readonly headers?: Record<string, string> } | "hang";

export type Webhook = {
  readonly url: string;
  readonly posted: Posted[];
  answer: (posted: Omit<Posted, "status">, n: number) => Answer;
  close(): Promise<void>;
};

export async function startWebhook(port = 0): Promise<Webhook> {
  const posted: Posted[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const text = Buffer.concat(parts).toString("utf8");
      const one = { headers: request.headers, text, body: JSON.parse(text) };
      const answer = webhook.answer(one, posted.length);
      posted.push({ ...one, status: answer === "hang" ? 0 : answer.status });
      if (answer !== "hang") response.writeHead(answer.status, answer.headers).end("said");
    });
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const webhook: Webhook = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hotgrade/verysecretpath`,
    posted,
    answer: () => ({ status: 200 }),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return webhook;
}

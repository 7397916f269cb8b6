/** A backend: what serves the inboxes. */
import { z } from "zod";
import { duration } from "./measured.ts";

const HEADER_MAX = 4_096;

export const backendName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
  error: "a backend's name is 1 to 64 letters, digits, dots, dashes or underscores",
});

/** Headers that the client itself writes are not to be overwritten. */
const HEADER_NAME =
  /^(?!(?:host|authorization|connection|upgrade|content-.*|transfer-encoding|sec-websocket-.*)$)[A-Za-z0-9-]{1,64}$/i;

export const backend = z.discriminatedUnion("kind", [
  z.strictObject({
    name: backendName.describe("What inboxes, logs and `status` call it."),
    kind: z.literal("builtin").describe("`builtin` reads the words of the prompt: no model, no GPU, no network."),
  }),
  z.strictObject({
    name: backendName.describe("What inboxes, logs and `status` call it."),
    kind: z.literal("comfyui").describe("`comfyui` is a ComfyUI server of yours."),
    url: z
      .string({ error: "expected the server's address, such as http://127.0.0.1:8188" })
      .regex(/^https?:\/\/[^\s?#]+$/i, { error: "expected the server's address, such as http://127.0.0.1:8188" })
      .describe("The server's address, such as `http://127.0.0.1:8188`."),
    depth: z.int().min(1).max(16).default(2).describe("Prompts it is given at once, 1 to 16; 2 keeps its GPU busy."),
    token: z
      .string()
      .nullable()
      .default(null)
      .describe(`Sent as a bearer token. Write \`\${NAME}\` to take it from the environment.`),
    headers: z
      .record(
        z.string().regex(HEADER_NAME, { error: "a header's name is letters, digits and dashes, such as X-Api-Key" }),
        z
          .string()
          .max(HEADER_MAX)
          .regex(/^[^\r\n\0]*$/, { error: "a header is one line of text" }),
      )
      .default({})
      .describe(`Further headers of every request, for a proxy in front of it, such as \`{X-Api-Key: \${KEY}}\`.`),
    ca: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe("A PEM file with the certificate of your own authority, for https with a private certificate."),
    weight: z
      .number()
      .min(0.01)
      .max(100)
      .default(1)
      .describe("How much it is preferred, 0.01 to 100: a backend of weight 2 may have twice the wait of another."),
    only: z
      .array(z.string().min(1))
      .min(1)
      .nullable()
      .default(null)
      .describe("It runs these workflows alone; without it, all that it has the nodes and models for."),
    tidy: z
      .boolean()
      .default(true)
      .describe(
        "Take our prompts out of its history once their pictures are here: it keeps every graph until it is restarted.",
      ),
    timeouts: z
      .strictObject({
        connect: duration("100ms", "10m").default("5s").describe("To reach the host."),
        answer: duration("1s", "1h")
          .default("30s")
          .describe("For one answer; a busy ComfyUI holds its answers back for seconds."),
        transfer: duration("1s", "1d").default("2m").describe("For one picture up or down."),
        stuck: duration("10s", "1d")
          .default("10m")
          .describe(
            "A running prompt without any progress for so long is taken for hung; sooner where earlier runs say so.",
          ),
        idle: duration("1s", "1h")
          .default("20s")
          .describe("Between pings of a silent socket; the third without an answer makes a new one."),
        away: duration("1s", "7d")
          .default("1m")
          .describe("A server that is away for so long loses its prompts to another one that can run them."),
      })
      .prefault({})
      .describe("How long the server may take."),
  }),
]);

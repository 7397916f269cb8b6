/** The WebSocket side: who is connected under which client id, and what each hears. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { isRecord, pythonJson } from "./json.ts";
import type { Control } from "./options.ts";

/** aiohttp's limit for a frame from a client. */
const FRAME_BYTES_MAX = 4 * 1024 * 1024;

export type Sockets = {
  upgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    greet: (clientId: string) => readonly Message[],
  ): void;
  /** To one client, or to all where `clientId` is undefined. */
  send(message: Message, clientId: string | undefined): void;
  preview(jpeg: Buffer, node: string, promptId: string, clientId: string | undefined): void;
  /** Whether that client asked for previews with metadata. */
  wantsMetadata(clientId: string | undefined): boolean;
  count(): number;
  /** The TCP connection goes, without a close frame. */
  drop(): void;
};

export type Message = { readonly type: string; readonly data: unknown };

export function sockets(control: Control, maxUploadBytes: number): Sockets {
  const server = new WebSocketServer({ noServer: true, maxPayload: FRAME_BYTES_MAX, perMessageDeflate: true });
  // One entry per client id: a second socket takes the place of the first, and when the first closes, the entry goes.
  const byClient = new Map<string, WebSocket>();
  const withMetadata = new Set<string>();
  const open = new Set<WebSocket>();

  const write = (socket: WebSocket, frame: string | Buffer): void => {
    if (!control.faults.on("deaf") && socket.readyState === socket.OPEN) socket.send(frame);
  };
  const hearers = (clientId: string | undefined): readonly (readonly [string, WebSocket])[] =>
    [...byClient].filter(([id]) => clientId === undefined || id === clientId);

  function welcome(socket: WebSocket, clientId: string, greetings: readonly Message[]): void {
    open.add(socket);
    byClient.set(clientId, socket);
    withMetadata.delete(clientId);
    let first = true;
    socket.on("message", (data, isBinary) => {
      const message = isBinary ? undefined : parse(data.toString());
      if (first && message?.type === "feature_flags" && control.traits.features) {
        const flags = message.data;
        if (isRecord(flags) && flags.supports_preview_metadata === true) withMetadata.add(clientId);
        const data = { supports_preview_metadata: true, max_upload_size: maxUploadBytes };
        write(socket, pythonJson({ type: "feature_flags", data }));
      }
      first = false;
    });
    socket.on("error", () => socket.terminate());
    socket.on("close", () => {
      open.delete(socket);
      byClient.delete(clientId);
      control.changed();
    });
    for (const greeting of greetings) write(socket, pythonJson(greeting));
    control.changed();
  }

  return {
    upgrade(request, socket, head, greet) {
      const asked = new URL(request.url ?? "/", "http://localhost").searchParams.get("clientId");
      const clientId = asked || randomUUID().replaceAll("-", "");
      server.handleUpgrade(request, socket, head, (accepted) => welcome(accepted, clientId, greet(clientId)));
    },
    send(message, clientId) {
      const frame = pythonJson(message);
      for (const [, socket] of hearers(clientId)) write(socket, frame);
    },
    preview(jpeg, node, promptId, clientId) {
      for (const [id, socket] of hearers(clientId))
        write(socket, withMetadata.has(id) ? frameWithMetadata(jpeg, node, promptId) : frameOf(1, words(1), jpeg));
    },
    wantsMetadata: (clientId) => clientId !== undefined && withMetadata.has(clientId),
    count: () => open.size,
    drop() {
      for (const socket of open) socket.terminate();
    },
  };
}

function frameWithMetadata(jpeg: Buffer, node: string, promptId: string): Buffer {
  const metadata = Buffer.from(
    pythonJson({
      node_id: node,
      prompt_id: promptId,
      display_node_id: node,
      parent_node_id: null,
      real_node_id: node,
      image_type: "image/jpeg",
    }),
  );
  return frameOf(4, words(metadata.length), metadata, jpeg);
}

function frameOf(event: number, ...parts: readonly Buffer[]): Buffer {
  return Buffer.concat([words(event), ...parts]);
}

function words(value: number): Buffer {
  const word = Buffer.alloc(4);
  word.writeUInt32BE(value);
  return word;
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined; // ComfyUI ignores what it cannot read
  }
}

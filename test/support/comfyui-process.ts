/**
 * The stand-in ComfyUI as a process of its own, to be killed and started again.
 *
 *     node test/support/comfyui-process.ts '{"port":8188,"dir":"/tmp/comfyui","renderMs":50}'
 *
 * The argument holds `ComfyuiOptions` as JSON. The first line on
 * stdout is `{"url","port","dir"}`; each line on stdin is a command, answered by one line `{"ok":true, …}` or
 * `{"ok":false,"error"}`. The process ends with its stdin.
 */
import { createInterface } from "node:readline";
import { type Comfyui, type ComfyuiOptions, FAULTS, type Fault, type Flaws, startComfyui } from "./comfyui.ts";

export type Command =
  | { readonly do: "misbehave"; readonly fault: Fault; readonly times?: number }
  | { readonly do: "heal"; readonly fault?: Fault }
  | { readonly do: "hold" | "release" | "restart" | "kill" | "start" | "drop-sockets" | "counts" }
  | { readonly do: "flaws"; readonly flaws: Flaws }
  | { readonly do: "render-ms"; readonly renderMs: number }
  /** The n³ · 3 numbers of a lattice, red fastest. */
  | { readonly do: "look"; readonly n: number; readonly values: readonly number[] }
  /** Answers when that many renders have begun, uploads come, prompts been accepted, or so few jobs are left. */
  | {
      readonly do: "until";
      readonly renders?: number;
      readonly uploads?: number;
      readonly prompts?: number;
      readonly remaining?: number;
    };

const server = await startComfyui(JSON.parse(process.argv[2] ?? "{}") as ComfyuiOptions);
say({ url: server.url, port: server.port, dir: server.dir });
for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim() === "") continue;
  try {
    say({ ok: true, ...(await obey(server, JSON.parse(line) as Command)) });
  } catch (thrown) {
    say({ ok: false, error: thrown instanceof Error ? thrown.message : String(thrown) });
  }
}
await server.close();

async function obey(comfyui: Comfyui, command: Command): Promise<Record<string, unknown>> {
  switch (command.do) {
    case "misbehave":
      if (!FAULTS.includes(command.fault)) throw new Error(`faults are ${FAULTS.join(", ")}`);
      comfyui.misbehave(command.fault, command.times);
      return {};
    case "heal":
      comfyui.heal(command.fault);
      return {};
    case "hold":
      comfyui.hold();
      return {};
    case "release":
      comfyui.release();
      return {};
    case "restart":
      await comfyui.restart();
      return {};
    case "kill":
      await comfyui.kill();
      return {};
    case "start":
      await comfyui.start();
      return {};
    case "drop-sockets":
      comfyui.dropSockets();
      return {};
    case "flaws":
      comfyui.setFlaws(command.flaws);
      return {};
    case "render-ms":
      comfyui.setRenderMs(command.renderMs);
      return {};
    case "look":
      comfyui.setLook({ n: command.n, values: Float32Array.from(command.values) });
      return {};
    case "until": {
      const { renders = 0, uploads = 0, prompts = 0, remaining = Number.POSITIVE_INFINITY } = command;
      await comfyui.until(
        (now) =>
          now.renders.length >= renders &&
          now.uploads.length >= uploads &&
          now.prompts.length >= prompts &&
          now.remaining() <= remaining,
      );
      return countsOf(comfyui);
    }
    case "counts":
      return countsOf(comfyui);
  }
}

function countsOf(comfyui: Comfyui): Record<string, unknown> {
  const { renders, prompts, uploads, views, requests, atOnce, spans } = comfyui;
  const [sockets, remaining] = [comfyui.socketCount(), comfyui.remaining()];
  const seen = { renders, prompts, uploads, views, requests: Object.fromEntries(requests) };
  return { ...seen, atOnce, spans, sockets, remaining };
}

function say(line: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

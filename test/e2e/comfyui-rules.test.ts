/** `npm run test:comfyui` against a server in a process of its own: what holds, what differs, what it cannot check. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startComfyuiApart } from "../support/comfyui-apart.ts";

const PROGRAM = join(import.meta.dirname, "../campaigns/comfyui-rules.ts");
const EMPTY = { diffusion_models: [], text_encoders: [], vae: [] };

function run(url: string | undefined): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  // Without what this very run of tests has put there for its own workers.
  const { HOTGRADE_COMFYUI_URL: _, VITEST: __, ...env } = process.env;
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [PROGRAM],
      { env: url === undefined ? env : { ...env, HOTGRADE_COMFYUI_URL: url } },
      (_error, out, err) => resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

test("without a server it says how to name one", async () => {
  const { code, err } = await run(undefined);
  expect(code).toBe(2);
  expect(err).toContain("HOTGRADE_COMFYUI_URL=http://127.0.0.1:8188 npm run test:comfyui");
});

test("a server that behaves is told rule by rule, with reasons for what is left out, and is left as it was", async () => {
  const server = await startComfyuiApart({ models: EMPTY });
  const { code, out } = await run(server.url);
  const lines = out.split("\n").filter((line) => line.startsWith("rule"));
  const { remaining } = await server.tell({ do: "counts" });
  const history = await (await fetch(`${server.url}/history`)).json();
  await server.close();
  expect(lines.filter((line) => !line.endsWith("  holds"))).toEqual([
    "rule  7  not checked (it would need a restart)",
    "rule 10  not checked (it could break the order of its queue, and with it the worker)",
    "rule 19  holds (not all of it: it might hit somebody else's run)",
    "rule 20  not checked (it would kill the worker)",
  ]);
  expect(lines.length).toBe(21);
  expect([code, remaining, history]).toEqual([0, 0, {}]);
});

test("a server that differs is told by the rule, and the exit code says so", async () => {
  const server = await startComfyuiApart({ models: EMPTY, interrupts: "global" });
  const { code, out } = await run(server.url);
  await server.close();
  expect(code).toBe(1);
  expect(out).toMatch(/^rule 19 {2}DIFFERS/m);
  expect(out).toMatch(/^rule 13 {2}holds$/m);
});

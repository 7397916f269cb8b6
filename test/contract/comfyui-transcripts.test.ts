/** Recordings of a ComfyUI 0.3.64, played against the stand-in: requests sent again, answers and messages compared. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { replay } from "../support/comfyui/replay.ts";
import { type ComfyuiOptions, startComfyui } from "../support/comfyui.ts";

const TRANSCRIPTS = join(import.meta.dirname, "../fixtures/comfyui/transcripts");

type Scenario = {
  readonly options?: ComfyuiOptions;
  /** Played before it on the same server, for files and a warm cache. */
  readonly after?: readonly string[];
  /** Differences that stay, each with its reason. */
  readonly differs?: readonly (readonly [RegExp, string])[];
};

const EARLIER = "other runs had saved under this prefix before";
const UPLOADED: Scenario = { after: ["01-upload"] };

const PLAYED: Readonly<Record<string, Scenario>> = {
  "01-upload": {},
  "02-view": UPLOADED,
  "03-run": UPLOADED,
  "04-cached": { after: ["01-upload", "03-run"] },
  "06-runtime-error": {
    after: ["01-upload"],
    differs: [
      [/df2b24fe-.* filename$/, EARLIER],
      [/58769a55-.*(prompt 4|executed) \d$/, "the order of outputs is that of a Python set"],
      [/75212059-.* exception_message$/, "the real one also names the paths"],
      [/7048bcdd-.* filename$/, "the picture had another size by then"],
      [/47ec35d1-.* images [12]$/, "the stand-in has no batches"],
      [/bf99d670-.* filename$/, "every PreviewImage has a random prefix of its own"],
    ],
  },
  "07-interrupt": { after: ["01-upload", "06-runtime-error"] },
  "08-order-and-ids": { after: ["01-upload", "06-runtime-error"] },
  "10-ws-features": { after: ["01-upload", "03-run"] },
  "12-restart": {},
  "14-worker-death": UPLOADED,
  "15-cache-classic": UPLOADED,
  "15-cache-lru": { ...UPLOADED, options: { cache: "lru" }, differs: [[/ filename$/, EARLIER]] },
  "15-cache-none": { ...UPLOADED, options: { cache: "none" } },
  "22-noclient-broadcast": UPLOADED,
};

/** Recorded as well, and held by other tests or by none, for a reason. */
const NOT_PLAYED: Readonly<Record<string, string>> = {
  "05-invalid": "its refusals lie condensed in prompts.json: comfyui-server.test.ts",
  "09-ws": "what is heard hangs on the millisecond at which a socket was cut: rules 16 to 18",
  "11-race": "a statistic of 40 runs: rule 2",
  "13-limits": "bodies of megabytes, and a history made by hand: comfyui-stand-in.test.ts",
  "16-info": "tells of a machine, its nodes and its models: comfyui-server.test.ts asks what we use of it",
  "17-origin": "sets Host headers that fetch does not let through: comfyui-server.test.ts",
  "18-cors-one": "flags that hotgrade never asks for",
  "18-cors-star": "flags that hotgrade never asks for",
  "19-tls": "notes of how connections break: comfyui-proxies.test.ts",
  "20-colour": "tables of pixels, no messages: comfyui-server.test.ts has those we rely on",
  "21-throughput": "times, which are that machine's",
  "23-save-websocket": "a sample node that hotgrade does not use",
  "24-edit-workflows": "pixels of nodes that the stand-in does not have",
  "25-transport": "raw bytes on a socket: half an upload, a ping",
  "26-shutdown-sigint": "signals to the process; 12-restart has what a client sees",
  "26-shutdown-sigterm": "signals to the process; 12-restart has what a client sees",
};

test("every recording is played or left out for a reason", () => {
  const names = readdirSync(TRANSCRIPTS).filter((name) => name.endsWith(".json"));
  expect(names.map((name) => name.slice(0, -5)).toSorted()).toEqual(Object.keys(PLAYED).toSorted());
  expect(Object.keys(PLAYED).filter((name) => name in NOT_PLAYED)).toEqual([]);
});

test.each(Object.entries(PLAYED))("%s", async (name, { options, after = [], differs = [] }) => {
  await using server = await startComfyui({ labNodes: true, ...options });
  for (const each of after) await replay(each, server);
  const { differences, requests } = await replay(name, server);
  expect(requests).toBeGreaterThan(0);
  expect(differences.filter(({ at }) => !differs.some(([where]) => where.test(at)))).toEqual([]);
  // A reason that no longer explains anything goes.
  expect(differs.filter(([where]) => !differences.some(({ at }) => where.test(at)))).toEqual([]);
});

/**
 * The fault campaign: `npm run chaos:comfyui -- --seed N --photos 200 [--servers 1]` lets everything go wrong that can go
 * wrong between the daemon and its servers, and says of each class how often. Exit 1 when anything is off.
 */
import { parseArgs } from "node:util";
import { runChaosCampaign } from "../support/chaos-campaign.ts";

const number = (text: string | undefined, otherwise: number) => (text === undefined ? otherwise : Number(text));
const { values } = parseArgs({
  options: { seed: { type: "string" }, photos: { type: "string" }, servers: { type: "string" } },
});
const [seed, photos, servers] = [number(values.seed, 1), number(values.photos, 200), number(values.servers, 1)];
const begun = Date.now();
const result = await runChaosCampaign({ seed, photos, servers, say: (text) => console.error(text) });
const { excuses, faults, statuses, stories } = result;

const list = (names: readonly string[]) =>
  `${names.length}${names.length > 0 ? `: ${names.slice(0, 12).join(" ")}` : ""}`;
const lines: readonly (readonly [string, string | number])[] = [
  ["seed", `${seed}, ${servers} server${servers === 1 ? "" : "s"}, ${Math.round((Date.now() - begun) / 1_000)} s`],
  ...Object.entries(faults).map(([fault, times]) => [`fault ${fault}`, times] as const),
  ["photos", photos],
  ["outputs", result.outputs],
  ["files missing", list(result.missing)],
  ["files too many", list(result.strangers)],
  ["temp files of killed daemons, swept in an hour", list(result.temps)],
  ["outputs damaged", list(result.damaged)],
  ["outputs of another photo", list(result.foreign)],
  ["statuses", JSON.stringify(Object.fromEntries(Object.entries(statuses).filter(([, count]) => count > 0)))],
  ["renders, counted by the servers", result.renders],
  ["allowed: photos", photos],
  ["  + renders that a restarted server no longer had", excuses.lostByRestart],
  ["  + prompts delivered after the client had looked twice", excuses.late],
  ["  + renders that somebody else interrupted", excuses.interrupted],
  ["allowed in all", result.allowed],
  ["verdict", result.isWhole ? "every photo once, no render too many" : "OFF"],
];
for (const [name, value] of lines) console.log(`${name.padEnd(58)} ${value}`);
for (const story of stories) console.log(JSON.stringify(story, null, 2));
process.exit(result.isWhole ? 0 : 1);

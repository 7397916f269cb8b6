/**
 * `npm run soak -- --minutes 20 --seed N [--files 3000] [--keep]`: files of many kinds for minutes on end, with disturbances.
 * Prints what the ledger says of them; exit 1 when a file or an output is unaccounted for.
 */
import { parseArgs } from "node:util";
import { runSoak } from "../support/soak/soak.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    minutes: { type: "string" },
    files: { type: "string" },
    keep: { type: "boolean" },
  },
});
const number = (text: string | undefined, otherwise: number) => (text === undefined ? otherwise : Number(text));
const [seed, minutes] = [number(values.seed, 1), number(values.minutes, 20)];
const files = number(values.files, Math.round(150 * minutes));
const begun = Date.now();
const { account, outbox, strikes, renders, rendersAllowed, off } = await runSoak({
  seed,
  minutes,
  files,
  keep: values.keep === true,
  say: (text) => console.error(text),
});
const sum = [...account.files.values()].reduce((all, count) => all + count, 0);
const lines: readonly (readonly [string, string | number])[] = [
  ["seed", `${seed}, ${Math.round((Date.now() - begun) / 1_000)} s`],
  ...[...strikes].sort().map(([strike, times]) => [`disturbance ${strike}`, times] as const),
  ["files dropped", `${sum + account.deleted}, of which ${account.deleted} were deleted again`],
  ...[...account.files].sort().map(([what, count]) => [`  ${what}`, count] as const),
  ["files on the disks", account.onDisk],
  ["photos in the outboxes", outbox.photos],
  ["temp files of killed daemons, swept in an hour", outbox.temps],
  ["renders", `${renders}, allowed ${rendersAllowed}`],
  ["verdict", off.length === 0 ? "every file is accounted for, and every output is there once" : `${off.length} OFF`],
];
for (const [name, value] of lines) console.log(`${name.padEnd(50)} ${value}`);
for (const sentence of off.slice(0, 40)) console.log(`OFF ${sentence}`);
process.exit(off.length === 0 ? 0 : 1);

/** The full campaign: `npm run campaign:kill [KILLS [lut|local]]` kills the daemon ten times in each stage and after each. */
import { runKillCampaign } from "../support/kill-campaign.ts";

const killsPerPlace = Number(process.argv[2] ?? 10);
const finish = process.argv[3] === "local" ? "local" : "lut";
const result = await runKillCampaign({ killsPerPlace, finish, say: (text) => console.error(text) });
const { photos, kills, outputs, renders, rerendered, lostByRestart, withoutSidecars, strangers, damaged, statuses } =
  result;
console.log(
  JSON.stringify(
    {
      kills,
      photos: photos.length,
      outputs: outputs.length,
      renders,
      lostByRestart,
      rerendered,
      withoutSidecars,
      strangers,
      damaged,
      finishes: result.finishes,
      statuses,
    },
    null,
    2,
  ),
);
const isWhole =
  outputs.join() === photos.join() &&
  renders <= photos.length + lostByRestart &&
  [withoutSidecars, strangers, damaged].every((list) => list.length === 0);
process.exit(isWhole ? 0 : 1);

/**
 * Photos of a shoot at stage lut. Heroes wait until all of them are back; the oldest fits the look to all their pairs.
 * Frames wait for that look and take it, unless their colours lie outside it: then they ask the model after all.
 */
import { AppError } from "../core/errors.ts";
import { done, type Facts, goOn, type Job, type Outcome, shootWait, wait } from "../core/job/job.ts";
import { verdictOf } from "../core/lut/fit/score.ts";
import type { Ports } from "../ports.ts";
import type { ScoredLook } from "../ports-ledger.ts";
import type { Attempting } from "./define.ts";
import { pictureOf } from "./developed.ts";
import { originalStands } from "./original.ts";

/** What a photo of a shoot comes to without a fit; or the heroes, itself first, whose pairs are to be fitted now. */
export async function lookOfShoot(
  job: Job,
  ports: Ports,
  attempting: Attempting,
): Promise<Outcome | readonly [Job, ...Job[]]> {
  const { ledger } = ports;
  const { id, role } = job.shoot!;
  const shoot = await ledger.shoots.get(id);
  if (!shoot) throw new AppError("internal", `Shoot ${id} of job ${job.id} is not on record.`);
  if (shoot.look) return takeLook(job, id, ports, attempting);
  if (role === "hero") {
    if (job.facts.preview === undefined) return goOn("upload", "its shoot wants its picture");
    if (shoot.state === "held") return waitFor(id, "the look of its shoot waits for a person");
    const heroes = await ledger.shoots.heroes(id);
    const away = heroes.filter(({ facts }) => facts.preview === undefined).length;
    if (away > 0) return waitFor(id, `${away} of ${heroes.length} heroes of its shoot are not back yet`);
    if (heroes[0]?.id !== job.id) return waitFor(id, "another hero of its shoot fits the look");
    return [job, ...heroes.filter((hero) => hero.id !== job.id)];
  }
  return waitFor(id, "its shoot has no look yet");
}

/** The first look of the shoot or its branches that knows enough of the photo's colours. */
async function takeLook(job: Job, shoot: string, ports: Ports, attempting: Attempting): Promise<Outcome> {
  const stop = await originalStands(job, ports, attempting);
  if (stop) return stop;
  const { clock, ledger, pictures } = ports;
  const looks = await ledger.shoots.looks(shoot);
  const { recipe } = job;
  const { original, pictureSha256 } = await pictureOf(job, ports, attempting);
  const request = { original, pictureSha256, cubes: looks.map(({ file }) => file) };
  const shares = await pictures.outside(request, attempting.signal);
  const outsideMax = recipe.look.kind === "shoot" ? recipe.look.outsideMax : 1;
  const at = shares.findIndex((share) => share <= outsideMax);
  const look = looks[at];
  if (look) return done({ ...factsOf(look), outside: shares[at]! });
  const { id, role } = await ledger.shoots.branch(job.id, attempting.lease, clock.now());
  const known = `${Math.round(100 * Math.min(...shares))} % of its colours are unknown to the look of its shoot`;
  return role === "hero" ? goOn("upload", known) : waitFor(id, `${known}; another photo is with the model`);
}

/** A look that was not quite a grade for its heroes is not quite one for the frames either. */
const factsOf = ({ sha256, file, score }: ScoredLook): Facts => ({
  look: sha256,
  cube: file,
  ...(score === null ? {} : { score, verdict: verdictOf(score) }),
});

const waitFor = (shoot: string, reason: string): Outcome => wait({ on: shootWait(shoot) }, reason);

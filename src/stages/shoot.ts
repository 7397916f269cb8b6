/**
 * Photos of a shoot at stage lut. Heroes wait until all of them are back; the last one fits the look to all their pairs.
 * Frames wait for that look and take it, unless their colours lie outside it: then they ask the model after all.
 */
import { AppError } from "../core/errors.ts";
import { done, goOn, type Job, type KeptLook, type Outcome, wait } from "../core/job/job.ts";
import type { Ports } from "../ports.ts";
import type { Attempting } from "./define.ts";

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
  if (role === "hero") {
    if (shoot.look) return done(factsOf(shoot.look));
    if (job.facts.preview === undefined) return goOn("upload", "its shoot wants its picture");
    if (shoot.state === "held") return waitFor(id, "the look of its shoot waits for a person");
    const heroes = await ledger.shoots.heroes(id);
    const away = heroes.filter(({ facts }) => facts.preview === undefined).length;
    if (away > 0) return waitFor(id, `${away} of ${heroes.length} heroes of its shoot are not back yet`);
    return [job, ...heroes.filter((hero) => hero.id !== job.id)];
  }
  if (!shoot.look) return waitFor(id, "its shoot has no look yet");
  return takeLook(job, id, ports, attempting);
}

/** The first look of the shoot or its branches that knows enough of the photo's colours. */
async function takeLook(job: Job, shoot: string, { clock, ledger, pictures }: Ports, attempting: Attempting) {
  const looks = await ledger.shoots.looks(shoot);
  const { original, pictureSha256, recipe } = job;
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

const factsOf = ({ sha256, file }: KeptLook) => ({ look: sha256, cube: file });

const waitFor = (shoot: string, reason: string): Outcome => wait({ on: `shoot:${shoot}` }, reason);

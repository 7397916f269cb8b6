/**
 * Halves of RAW and JPEG pairs whose photo has been put away, or is just being put away: they belong to it all the same, and
 * go where it went.
 */
import type { InboxConfig } from "../core/config/parse.ts";
import { asAppError } from "../core/errors.ts";
import { sameNumber } from "../core/inbox/companions.ts";
import { ownerIn } from "../core/inbox/pairs.ts";
import { baseName, folderOf, joinPath, type PathText, showPath } from "../core/inbox/path-text.ts";
import { isRawName } from "../core/inbox/rule.ts";
import type { Job } from "../core/job/job.ts";
import type { Ports, Settled, Sighting } from "../ports.ts";

const NS_PER_MS = 1_000_000;

/**
 * The name of the photo that a half lying alone belongs to: one of its stem that was put away, written within `pairWait` of
 * it. By the files' own times, so that the next shoot of a camera that counts from 1 again is another one, and a restart
 * decides the same.
 */
export async function ownerAway(
  { path, signature }: Settled,
  { path: inbox, pairWaitMs }: Pick<InboxConfig, "path" | "pairWaitMs">,
  { ledger }: Pick<Ports, "ledger">,
): Promise<PathText | undefined> {
  const graded = await ledger.pairs.graded(inbox, path);
  // It was a photo of its own before.
  if (graded.some((each) => each.path === path)) return undefined;
  const apartMs = (mtimeNs: string) => Math.abs(Number(BigInt(mtimeNs) - BigInt(signature.mtimeNs))) / NS_PER_MS;
  const owner = graded.find(
    (each) => isRawName(each.path) !== isRawName(path) && !each.isLost && apartMs(each.mtimeNs) <= pairWaitMs,
  );
  const [job] = owner ? await ledger.jobs.find({ ids: [owner.job] }) : [];
  return job && placeOf(job) ? baseName(job.path) : undefined;
}

/** Brings halves that are on record as such to their photos, where those have gone. */
export async function followPhotos(inbox: PathText, sightings: readonly Sighting[], ports: Ports): Promise<void> {
  for (const { path, state, message } of sightings) {
    const owner = state === "ignored" ? ownerIn(message) : undefined;
    if (owner === undefined) continue;
    const photo = joinPath(folderOf(path), owner);
    const [found] = (await ports.ledger.pairs.graded(inbox, path)).filter((each) => each.path === photo);
    const [job] = found && !found.isLost ? await ports.ledger.jobs.find({ ids: [found.job] }) : [];
    const place = job && placeOf(job);
    if (place === undefined) continue;
    await follow(joinPath(inbox, path), sameNumber(photo, place, baseName(path)), ports).catch((thrown) => {
      const { code, message: reason } = asAppError(thrown);
      ports.log.warn({ inbox, file: showPath(path), code, reason }, "half could not follow its photo");
    });
  }
}

async function follow(from: PathText, to: PathText, { files, log }: Ports): Promise<void> {
  const result = await files.move(from, to);
  if (result === "moved") log.info({ file: showPath(from), to: showPath(to) }, "half followed its photo");
}

/** Where a photo was put away, or is about to be; undefined while it lies where it came from. */
function placeOf({ inbox, path, original, facts }: Job): PathText | undefined {
  const home = joinPath(inbox ?? ("" as PathText), path);
  if (original !== home) return original;
  return facts.retiring?.kind === "move" && facts.retiring.from === home ? facts.retiring.to : undefined;
}

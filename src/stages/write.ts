/**
 * write: the look on the full original, encoded as the original was, with its sidecars; then published.
 *
 * Safe to run twice: each step is in the ledger before the next begins, and a second run goes on from there:
 *   reserve a stem ─▶ encode to temp names ─▶ staged (paths and hashes) ─▶ sidecars, then photo, get their names ─▶ published
 * No foreign file is ever replaced: a name that one has sends us to the next number.
 */
import { placesOf } from "../core/config/template.ts";
import { AppError } from "../core/errors.ts";
import { stemOf } from "../core/inbox/naming.ts";
import { folderOf, joinPath, type PathText, showPath } from "../core/inbox/path-text.ts";
import { done, type Job } from "../core/job/job.ts";
import { type GradeWords, type Naming, namingOf } from "../core/job/output-names.ts";
import { formatNotes, type PictureInfo } from "../core/job/picture.ts";
import { reportOf } from "../core/job/report.ts";
import { finishNamed } from "../finishes/index.ts";
import type { Ports } from "../ports.ts";
import type { Output, OutputKind } from "../ports-ledger.ts";
import { type Attempting, defineStage } from "./define.ts";
import { discardDeveloped, type Pictured, pictureOf } from "./developed.ts";
import { originalStands } from "./original.ts";
import { heldForReview } from "./review.ts";

/** Foreign files under our names, one after the other, until we give up. */
const NAMES_TRIED_MAX = 50;

export const writeStage = defineStage({
  name: "write",
  needs: ["cube"],
  attemptsMax: 5,
  async run({ cube }, job, ports, attempting) {
    const stop = await originalStands(job, ports, attempting);
    if (stop) return stop;
    // Of a shoot it is the look that is judged, at lut, before it is everybody's.
    const held = job.shoot ? undefined : await heldForReview(job, {}, ports, attempting);
    if (held) return held;
    let outputs = await ports.ledger.outputs.of(job.id);
    let notes: readonly string[] = job.facts.notes ?? [];
    let { photo } = job.facts;
    if (!(await areStaged(outputs, ports))) {
      for (const temp of job.facts.temps ?? []) await ports.files.discard(temp);
      const picture = await pictureOf(job, ports, attempting);
      photo = picture.photo;
      const naming = namingOf(job, picture.photo, await gradeOf(job, ports));
      await ports.files.proveWritable(naming.folder);
      outputs = await reserve(job, naming, [], ports, attempting);
      notes = [...new Set([...notes, ...(await encode(job, cube, outputs, naming, picture, ports, attempting))])];
    }
    photo ??= await ports.pictures.inspect(job.original);
    const published = await publish(job, photo, ports, attempting);
    await discardDeveloped(job, ports, attempting);
    return done({ outputs: published.map(({ path }) => path), notes });
  },
});

/** Is every output encoded, under its temp name or already under its final one? */
async function areStaged(outputs: readonly Output[], { files }: Ports): Promise<boolean> {
  for (const { state, temp, path } of outputs) {
    if (state === "reserved") return false;
    if (!(temp !== null && (await files.stat(temp))) && !(await files.stat(path))) return false;
  }
  return outputs.length > 0;
}

/** Only what the name speaks of is looked up. */
async function gradeOf({ id, facts, recipe }: Job, { ledger }: Ports): Promise<GradeWords> {
  const asked = placesOf(recipe.output.name);
  const looks = asked.includes("look") ? await ledger.looks.list() : [];
  const ticket =
    asked.includes("seed") && facts.ticket !== undefined ? await ledger.tickets.get(facts.ticket) : undefined;
  return {
    lookName: looks.find(({ sha256 }) => sha256 === facts.look)?.name ?? null,
    seed: ticket?.seed ?? null,
    number: asked.includes("n") ? await ledger.jobs.ordinal(id) : 0,
  };
}

const reserve = (job: Job, naming: Naming, not: readonly string[], { ledger }: Ports, { lease }: Attempting) =>
  ledger.outputs.reserve({ job: job.id, lease, outbox: naming.folder, stems: naming.stems, files: naming.files, not });

/** Photo and sidecars under temp names beside their final ones; gives the notes for the user. */
async function encode(
  job: Job,
  cube: PathText,
  outputs: readonly Output[],
  naming: Naming,
  picture: Pictured,
  ports: Ports,
  attempting: Attempting,
): Promise<readonly string[]> {
  const temps = new Map(
    outputs.map(({ kind }) => [kind, joinPath(naming.folder, `.hotgrade-${attempting.lease.slice(0, 8)}-${kind}.tmp`)]),
  );
  await attempting.note({ temps: [...temps.values()] });
  try {
    return await encodeTo(temps, job, cube, picture, naming, ports, attempting);
  } catch (thrown) {
    // What could not be finished takes no room while the job waits.
    for (const temp of temps.values()) await ports.files.discard(temp);
    throw thrown;
  }
}

async function encodeTo(
  temps: ReadonlyMap<OutputKind, PathText>,
  job: Job,
  cube: PathText,
  picture: Pictured,
  naming: Naming,
  ports: Ports,
  attempting: Attempting,
): Promise<readonly string[]> {
  const { clock, files, ledger, pictures } = ports;
  const photo = temps.get("photo");
  if (!photo) throw new AppError("internal", `Job ${job.id} has no photo among its outputs.`);
  const to = { to: photo, format: naming.format };
  const finished = await finishNamed(job.facts.finish ?? "lut").render({ job, picture, cube, to, ports, attempting });
  const { contentSha256: sha256, pictureSha256 } = await pictures.fingerprint(photo, attempting.signal);
  const rendered = { ...finished, sha256, notes: [...picture.notes, ...finished.notes] };
  const { strength } = job.recipe;
  const name = showPath(stemOf(job.path));
  for (const format of ["cube", "hald", "lightroom"] as const) {
    const to = temps.get(format);
    if (to) await pictures.exportLook({ cube, strength, format, name, to }, attempting.signal);
  }
  const reportTemp = temps.get("report");
  if (reportTemp) {
    const tickets = await ledger.tickets.ofJob(job.id);
    const attempts = await ledger.attempts.of(job.id);
    const report = reportOf({ job, info: picture.photo, rendered, tickets, attempts, now: clock.now() });
    await files.writeNew(reportTemp, `${JSON.stringify(report, null, 2)}\n`);
  }
  for (const [kind, temp] of temps)
    await ledger.outputs.stage({
      job: job.id,
      lease: attempting.lease,
      kind,
      temp,
      ...(kind === "photo" ? { sha256, pictureSha256 } : { sha256: await files.sha256(temp) }),
    });
  return [...formatNotes(job.recipe.output.format, picture.photo.format), ...rendered.notes];
}

/** Sidecars first, the photo last: whoever sees the photo finds its sidecars beside it. */
async function publish(job: Job, photo: PictureInfo, ports: Ports, attempting: Attempting): Promise<readonly Output[]> {
  const { clock, files, ledger } = ports;
  const refused: string[] = [];
  while (refused.length < NAMES_TRIED_MAX) {
    const outputs = await ledger.outputs.of(job.id);
    const taken = await publishAll(job, outputs, ports);
    if (!taken) {
      for (const { path } of outputs.slice(-1)) await files.syncFolder(folderOf(path));
      const { lease } = attempting;
      for (const { kind } of outputs) await ledger.outputs.publish({ job: job.id, lease, kind, now: clock.now() });
      return outputs;
    }
    refused.push(taken.stem);
    await moveToNextStem(job, namingOf(job, photo, await gradeOf(job, ports)), outputs, refused, ports, attempting);
  }
  throw new AppError("file-failed", `${NAMES_TRIED_MAX} names in the outbox were taken by other files.`);
}

/** Gives each staged temp its name; the output whose name a foreign file has, or undefined when all are published. */
async function publishAll(
  { facts: { replaces = {} } }: Job,
  outputs: readonly Output[],
  { files }: Ports,
): Promise<Output | undefined> {
  // One that was changed since stays with its sidecars: none of them is replaced then.
  for (const output of outputs) {
    const before = output.state === "staged" ? replaces[output.path] : undefined;
    const sha256 = before !== undefined && (await files.stat(output.path)) ? await files.sha256(output.path) : before;
    if (sha256 !== before && sha256 !== output.sha256) return output;
  }
  for (const output of outputs) {
    if (output.state === "published" || output.temp === null) continue;
    if ((await files.stat(output.temp)) || !(await files.stat(output.path))) {
      if ((await files.publish(output.temp, output.path)) === "published") continue;
      // What this job wrote before, and nobody has touched since, may be replaced.
      const before = replaces[output.path];
      if (before === undefined || (await files.sha256(output.path)) !== before) return output;
      await files.replace(output.temp, output.path);
    } else if ((await files.sha256(output.path)) !== output.sha256) return output;
  }
  return undefined;
}

/** A foreign file has our name: what we published under the old stem goes on under the next one. */
async function moveToNextStem(
  job: Job,
  naming: Naming,
  outputs: readonly Output[],
  refused: readonly string[],
  ports: Ports,
  attempting: Attempting,
): Promise<void> {
  const { files, ledger } = ports;
  for (const { path, temp, sha256 } of outputs) {
    // Back to its temp name, so that a stop here leaves a staged file and not a stray one.
    if (temp === null || (await files.stat(temp)) || !(await files.stat(path))) continue;
    if ((await files.sha256(path)) === sha256) await files.move(path, temp);
  }
  await reserve(job, naming, refused, ports, attempting);
  for (const { kind, temp, sha256, pictureSha256 } of outputs)
    if (temp !== null && sha256 !== null)
      await ledger.outputs.stage({ job: job.id, lease: attempting.lease, kind, temp, sha256, pictureSha256 });
}

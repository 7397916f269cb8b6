/** When is a shoot complete, and what is said of it. Pure. */
import { folderOf, type PathText } from "../inbox/path-text.ts";
import { errorOf, named } from "./hook-body.ts";
import { ENDED, type Job, shootWait } from "./job.ts";

/** A photo that no shoot was told of with yet. */
export type OpenPhoto = Pick<Job, "id" | "path" | "status" | "waitsOn" | "createdAt" | "endedAt" | "failure"> & {
  /** Of a copy that waits, how the photo stands that it waits for. */
  readonly firstStatus: Job["status"] | null;
};

export type ShootRule = {
  readonly now: number;
  /** Nothing new for so long. In the inbox itself a longer pause also parts two shoots. */
  readonly gapMs: number;
  /** Folders with files that are still arriving. */
  readonly arriving: ReadonlySet<string>;
};

/** A shoot does not wait longer than this for what is held for a person. */
const HELD_MS = 24 * 3_600_000;

/** The shoots that are complete, each with its photos. `photos` in the order they came. */
export function completeShoots(
  photos: Iterable<OpenPhoto>,
  rule: ShootRule,
): readonly { readonly folder: PathText; readonly photos: readonly OpenPhoto[] }[] {
  const groups: { folder: PathText; photos: OpenPhoto[] }[] = [];
  const current = new Map<PathText, { folder: PathText; photos: OpenPhoto[] }>();
  for (const photo of photos) {
    const folder = folderOf(photo.path);
    const known = current.get(folder);
    const last = known?.photos.at(-1);
    if (known && last && (folder !== "" || photo.createdAt - last.createdAt <= rule.gapMs)) known.photos.push(photo);
    else {
      const group = { folder, photos: [photo] };
      current.set(folder, group);
      groups.push(group);
    }
  }
  return groups.filter((group) => isComplete(group.photos, rule) && !rule.arriving.has(group.folder));
}

function isComplete(photos: readonly OpenPhoto[], { now, gapMs }: ShootRule): boolean {
  const quietMs = now - photos.at(-1)!.createdAt;
  if (quietMs < gapMs) return false;
  const open = photos.filter(({ status }) => !ENDED.includes(status));
  // A frame waits for its hero, which is held; a copy for a photo that may lie in another folder and only be slow.
  const waits = ({ status, waitsOn, firstStatus }: OpenPhoto) =>
    status === "held" || firstStatus === "held" || waitsOn?.startsWith(shootWait("")) === true;
  return open.length === 0 || (open.every(waits) && quietMs >= HELD_MS);
}

const FAILURES_TOLD_MAX = 50;

/** What is told of a shoot; photos in the order they came. */
export function shootBody(
  inbox: PathText,
  folder: PathText,
  jobs: readonly Omit<OpenPhoto, "firstStatus">[],
  now: number,
): Readonly<Record<string, unknown>> {
  const count = (...statuses: readonly Job["status"][]) =>
    jobs.filter(({ status }) => statuses.includes(status)).length;
  const startedAt = jobs.reduce((first, { createdAt }) => Math.min(first, createdAt), Number.POSITIVE_INFINITY);
  const endedAt = jobs.reduce((last, job) => Math.max(last, job.endedAt ?? job.createdAt), 0);
  const failed = jobs.filter(({ status, failure }) => status === "failed" && failure);
  const at = (time: number) => new Date(Math.min(time, now)).toISOString();
  return {
    ...named("inbox", inbox),
    ...named("folder", folder),
    photos: jobs.length,
    done: count("done"),
    failed: count("failed"),
    held: count("held", "ready", "leased"),
    cancelled: count("cancelled", "superseded"),
    startedAt: at(startedAt),
    endedAt: at(endedAt),
    ms: Math.max(0, endedAt - startedAt),
    failures: failed
      .slice(0, FAILURES_TOLD_MAX)
      .map(({ path, failure }) => ({ ...named("path", path), ...errorOf(failure) })),
  };
}

/** Why the system reports no changes of a folder, in words, and the line that mends it. */

/** Linux' limits by the error that tells of them. */
const LIMITS: Readonly<Record<string, readonly [limit: string, line: string]>> = {
  ENOSPC: ["inotify watches (one for each folder)", "sudo sysctl fs.inotify.max_user_watches=524288"],
  EMFILE: ["inotify instances (one for each program)", "sudo sysctl fs.inotify.max_user_instances=1024"],
};

/** `watchFailure("ENOSPC", 60_000)`: what happens now, why, and how to change it. */
export function watchFailure(errno: string, rescanMs: number): string {
  const now = `It is looked through every ${Math.round(rescanMs / 1_000)} s instead of being watched`;
  const known = LIMITS[errno];
  if (!known) return `${now}: the system refused (${errno || "unknown"}).`;
  const [limit, line] = known;
  return `${now}: this account has no ${limit} left. Raise the limit with \`${line}\`, then start hotgrade again.`;
}

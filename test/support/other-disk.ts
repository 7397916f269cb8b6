/** A second disk for tests about what crosses from one to another. */
import { existsSync, statSync } from "node:fs";

/** A folder on another disk than this one's: every Linux has /dev/shm, a file system in memory. */
export function otherDiskThan(folder: string): string {
  const here = statSync(folder).dev;
  const found = ["/dev/shm", `/run/user/${process.getuid?.() ?? 0}`].find(
    (path) => existsSync(path) && statSync(path).dev !== here,
  );
  if (found === undefined)
    throw new Error(`There is no second disk: neither /dev/shm nor another one than ${folder}'s.`);
  return found;
}

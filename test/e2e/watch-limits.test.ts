/** A system that has no watches left: the daemon looks for itself, and says so with the line that mends it. */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { sceneImage } from "../support/photos.ts";
import { makeProject, type TestProject } from "../support/program.ts";

const CONFIG = `
log: { level: debug }
inboxes:
  - { path: inbox, outbox: graded, settle: 200ms, rescan: 1s, sidecars: [] }
`;
let project: TestProject;
afterEach(() => project.remove());

/** Starts a program with so few of a limit, in a user namespace of its own: the machine's own limit stays. */
const limited = (limit: string, to: number) =>
  ["unshare", "-Ur", "sh", "-c", `echo ${to} > /proc/sys/user/${limit} && exec "$0" "$@"`] as const;

function canLimit(): boolean {
  try {
    const [program, ...words] = limited("max_inotify_watches", 1);
    execFileSync(program!, [...words, "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false; // no user namespaces here; the contract of the watch is tested without
  }
}

test.runIf(canLimit()).each([
  ["max_inotify_watches", 1, "fs.inotify.max_user_watches=524288"],
  ["max_inotify_instances", 0, "fs.inotify.max_user_instances=1024"],
])("%s used up: it scans, says so once, and status and check name the line", async (limit, to, line) => {
  project = makeProject(CONFIG);
  for (const name of ["a", "b", "c"]) mkdirSync(join(project.inbox, name));
  const daemon = await project.start({ through: limited(limit, to) });
  await daemon.line(
    ({ message, reason }) => message === "folder is scanned, not watched" && String(reason).includes(line),
  );
  writeFileSync(join(project.inbox, "c/late.jpg"), await sceneImage(300, 200, 1).jpeg().toBuffer());
  await daemon.line(({ message, path }) => message === "photo done" && path === "c/late.jpg");
  expect(daemon.lines.filter(({ message }) => message === "folder is scanned, not watched")).toHaveLength(1);
  for (const command of ["status", "check"]) expect((await project.run(command)).stdout).toContain(line);
  await daemon.kill("SIGTERM");

  const free = await project.start();
  await free.line(({ message }) => message === "first look done");
  await free.until(async () => !(await project.run("status")).stdout.includes(line));
  await free.kill("SIGTERM");
});

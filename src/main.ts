/** argv in, exit code out. The only reader of process.argv, process.env and signals. */
import { readFileSync } from "node:fs";
import { COMMANDS } from "./cli/index.ts";
import { runCommandLine } from "./cli/run.ts";

/** A second Ctrl-C this long after the first leaves at once; sooner ones are the same key reaching us twice. */
const SECOND_SIGINT_MS = 1_000;

// What bin/ told this process is not for the programs it starts.
const { HOTGRADE_SHIM: shim, NODE_COMPILE_CACHE: _cache, ...env } = process.env;

if (shim) {
  // An older Node started us and waits (bin/node.mjs). When it is killed its channel closes: then we go as it went,
  // since whoever killed it believes that the daemon is gone.
  const leave = () => process.kill(process.pid, "SIGKILL");
  if (process.connected === false) leave();
  process.on("disconnect", leave);
  process.channel?.unref();
}

const stop = new AbortController();
let firstSigintAt: number | null = null;
process.on("SIGINT", () => {
  const now = performance.now();
  firstSigintAt ??= now;
  if (now - firstSigintAt >= SECOND_SIGINT_MS) process.exit(130);
  stop.abort();
});
for (const signal of ["SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort());

// A reader that has seen enough (`hotgrade jobs | head`) is no error, and talk that finds no room is lost talk.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});
process.stderr.on("error", () => {});

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};

const code = await runCommandLine(COMMANDS, version, {
  args: process.argv.slice(2),
  env,
  cwd: process.cwd(),
  stdout: process.stdout,
  stderr: process.stderr,
  signal: stop.signal,
  now: () => performance.now(),
});

// Leave even if something still holds the loop, but only when every written byte has gone out.
for (const stream of [process.stdout, process.stderr])
  await new Promise<void>((gone) => stream.write("", () => gone()));
process.exit(code);

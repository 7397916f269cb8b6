/**
 * Finds a Node new enough for hotgrade and runs a script with it.
 * Plain JavaScript for any Node: this file must load where nothing else here does.
 */
import { spawn } from "node:child_process";
import { createRequire } from "node:module";

/** The oldest Node that runs the sources as they are, with every fix they rely on. */
const OLDEST = [22, 22];

/** Is this version, such as "20.20.2", new enough? */
export function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}

/** Path of the Node 24 that npm installed beside us, or undefined on a platform without one. */
function bundledNode() {
  const windows = process.platform === "win32";
  const name = `node-${windows ? "win" : process.platform}-${process.arch}`;
  try {
    return createRequire(import.meta.url).resolve(`${name}/bin/node${windows ? ".exe" : ""}`);
  } catch (cause) {
    if (cause?.code === "MODULE_NOT_FOUND" || cause?.code === "ERR_PACKAGE_PATH_NOT_EXPORTED") return undefined;
    throw cause;
  }
}

/**
 * Runs `script` with the bundled Node and ends as it ends: same exit code, same signal.
 * The IPC channel ties the two lives together: when this process is killed, the channel closes and the child leaves.
 */
export function runWithBundledNode(script, args) {
  const node = bundledNode();
  if (!node) {
    console.error(`error: hotgrade needs Node ${OLDEST.join(".")} or newer; this is ${process.version}.`);
    console.error(`hint: run \`npm ci\` (it brings Node 24 on Linux and Windows), or install a newer Node.`);
    process.exit(2);
  }
  const child = spawn(node, [script, ...args], {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { ...process.env, HOTGRADE_SHIM: "1" },
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (cause) => {
    console.error(`error: ${node} does not start: ${cause.message}`);
    process.exit(2);
  });
  child.on("exit", (code, signal) => {
    if (!signal) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

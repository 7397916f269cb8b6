/**
 * The process that alone touches one network share. `inbox-share-worker.ts OPTIONS`, those of `openFiles` as JSON.
 * When the share dies, calls hang here, and who started it lets it go.
 */
import { constants } from "node:fs";
import * as fs from "node:fs/promises";
import { AppError } from "../core/errors.ts";
import type { PathText } from "../core/inbox/path-text.ts";
import { showPath } from "../core/inbox/path-text.ts";
import { readFully } from "./files/read.ts";
import { bytesOf, openFiles, told } from "./files.ts";
import { systemDisk } from "./inbox-disk.ts";
import { crossShare, type FromShareWorker, type ToShareWorker } from "./inbox-share-words.ts";

type Method = (...args: never[]) => Promise<unknown>;

const files = openFiles({ ...JSON.parse(process.argv[2] ?? "{}"), now: () => Date.now() });
const programs: Readonly<Record<string, Method>> = {
  ...named("files", files),
  ...named("disk", systemDisk),
  facts: (path: PathText) => told("read", path, () => withHandle(path, async (handle) => facts(path, handle))),
  piece: (path: PathText, at: number, length: number) =>
    told("read", path, () => withHandle(path, (handle) => readFully(handle, Buffer.allocUnsafe(length), at))),
  // Attributes may come from a cache; this always asks the server.
  ping: async (root: PathText) => void (await fs.statfs(bytesOf(root))),
};

function named(port: string, methods: object): Record<string, Method> {
  return Object.fromEntries(Object.entries(methods).map(([name, method]) => [`${port} ${name}`, method]));
}

async function facts(path: PathText, handle: fs.FileHandle) {
  const found = await handle.stat();
  if (!found.isFile()) throw new AppError("file-unsupported", `${showPath(path)} is no file.`, { path });
  return { size: found.size };
}

async function withHandle<T>(path: PathText, use: (handle: fs.FileHandle) => Promise<T>): Promise<T> {
  const handle = await fs.open(bytesOf(path), constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    return await use(handle);
  } finally {
    await handle.close();
  }
}

const say = (message: FromShareWorker): void => {
  if (process.connected) process.send!(message);
};

// `process.exit` waits for threads that hang in the system; nothing here is worth that.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
process.on("message", async ({ id, what, args }: ToShareWorker) => {
  try {
    say({ id, gives: await programs[what]!(...(args as never[])) });
  } catch (thrown) {
    say({ id, failure: crossShare(thrown) });
  }
});
say({ id: 0, gives: "ready" });

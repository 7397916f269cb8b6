/**
 * Other programs that read and write looks: ffmpeg and OpenColorIO's tools. A machine may lack them. Then the test that
 * wants one says so in its name and on the console, and holds our own reference interpolation to the same demands.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";

export type Program = { readonly name: string; readonly isThere: boolean };

export function program(name: string): Program {
  const isThere = spawnSync(name, ["-h"], { stdio: "ignore" }).error === undefined;
  if (!isThere) console.warn(`${name} is absent on this machine: our own reference stands in for it`);
  return { name, isThere };
}

/** For the name of a test. */
export const standing = ({ name, isThere }: Program): string =>
  isThere ? name : `our reference (${name} is absent here)`;

/** Runs it to its end; gives what it wrote. Throws what it complained of. */
export async function run(
  { name }: Program,
  args: readonly string[],
  given: { readonly cwd: string; readonly stdin?: Uint8Array },
): Promise<Buffer> {
  const child = spawn(name, args, { cwd: given.cwd, stdio: ["pipe", "pipe", "pipe"] });
  const [out, talk]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on("data", (bytes: Buffer) => out.push(bytes));
  child.stderr.on("data", (bytes: Buffer) => talk.push(bytes));
  child.stdin.on("error", () => {}); // it may end before it has read everything; its exit code tells
  child.stdin.end(given.stdin);
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${name} ${args.join(" ")} ended with ${code}: ${Buffer.concat(talk)}`);
  return Buffer.concat(out);
}

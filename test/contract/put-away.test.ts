/** A photo and its companions on their way, stopped at every step: each file is whole, once, and in the end where it belongs. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openFiles } from "../../src/adapters/files.ts";
import type { PathText } from "../../src/core/inbox/path-text.ts";
import type { Files } from "../../src/ports.ts";
import { type Placed, transfer } from "../../src/stages/put-away.ts";

const NAMES = ["IMG_1.CR2", "IMG_1.JPG", "IMG_1.JPG.xmp", "IMG_1.xmp"];
const files = openFiles({ home: tmpdir() });

let root: string;
const at = (path: string) => join(root, path) as PathText;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "put-away-"));
  for (const folder of ["card", "done"]) mkdirSync(at(folder));
  for (const name of NAMES) writeFileSync(at(`card/${name}`), name);
});
afterEach(() => rmSync(root, { recursive: true }));

const companions = NAMES.filter((name) => name !== "IMG_1.JPG").map((name) => ({
  from: join("card", name),
  name: name as PathText,
}));
const within = () => companions.map(({ from, name }) => ({ from: at(from), name }));

/** A disk on which the program dies before (`after: false`) or after the nth change. */
function mortal(
  nth: number,
  isAfter: boolean,
): { readonly disk: Files; note(placed: Placed): Promise<void>; noted(): Placed | undefined } {
  let left = nth;
  let noted: Placed | undefined;
  const step = async <T>(act: () => Promise<T>): Promise<T> => {
    if (left-- !== 0) return act();
    if (isAfter) await act();
    throw new Error("killed");
  };
  return {
    disk: { ...files, move: (from, to) => step(() => files.move(from, to)) },
    note: (placed) =>
      step(async () => {
        noted = placed;
      }),
    noted: () => noted,
  };
}

test.each([false, true])("killed at each step (the step itself was done: %s), and run again", async (isAfter) => {
  // A stranger has one of the names: all of them are numbered.
  writeFileSync(at("done/IMG_1.xmp"), "a stranger's");
  let kills = 0;
  for (let nth = 0; ; nth++) {
    const { disk, note, noted } = mortal(nth, isAfter);
    const request = { kind: "move", from: at("card/IMG_1.JPG"), to: at("done/IMG_1.JPG") } as const;
    const first = await transfer({ ...request, companions: within(), note }, disk).catch(() => undefined);
    if (!first) kills++;
    // What it looks for again is what still lies there.
    const lying = within().filter(({ name }) => readdirSync(at("card")).includes(name));
    const recorded = noted();
    if (!first) await transfer({ ...request, companions: recorded?.along ?? lying, recorded }, files);
    const wanted = NAMES.map((name) => name.replace("IMG_1", "IMG_1-2"));
    expect(readdirSync(at("done")).sort()).toEqual([...wanted, "IMG_1.xmp"].sort());
    expect(readdirSync(at("card"))).toEqual([]);
    for (const name of NAMES) expect(readFileSync(at(`done/${name.replace("IMG_1", "IMG_1-2")}`), "utf8")).toBe(name);
    if (first) break;
    for (const name of NAMES) {
      rmSync(at(`done/${name.replace("IMG_1", "IMG_1-2")}`));
      writeFileSync(at(`card/${name}`), name);
    }
  }
  expect(kills).toBe(1 + NAMES.length);
});

/** Looks that are kept: each a .cube in the looks folder, named by its own hash, on record in the ledger. */
import { joinPath, type PathText } from "../core/inbox/path-text.ts";
import type { KeptLook } from "../core/job/job.ts";
import { CUBE_LENGTH_MAX, parseCube } from "../core/lut/cube.ts";
import type { Ports } from "../ports.ts";

export const lookAt = (looksFolder: PathText, sha256: string): KeptLook => ({
  sha256,
  file: joinPath(looksFolder, `${sha256}.cube`),
});

/** Keeps the look of a .cube. Safe to repeat: the same bytes are the same look. Errors: `cube-invalid`. */
export async function keepLook(
  cube: PathText,
  about: { readonly score: number | null; readonly job: string | null },
  { clock, files, ledger, looksFolder }: Pick<Ports, "clock" | "files" | "ledger" | "looksFolder">,
): Promise<KeptLook> {
  const look = lookAt(looksFolder, await files.sha256(cube));
  if (!(await files.stat(look.file))) {
    const bytes = await files.read(cube, CUBE_LENGTH_MAX);
    parseCube(bytes.toString("utf8"));
    await files.makeFolder(looksFolder);
    await files.writeAtomic(look.file, bytes);
  }
  await ledger.looks.add({ ...look, ...about }, clock.now());
  return look;
}

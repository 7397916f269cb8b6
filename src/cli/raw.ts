/** RAW files named on a command line: the option that says how they become pictures, and the picture while it is needed. */
import { tmpdir } from "node:os";
import { delimiter } from "node:path";
import { systemIds } from "../adapters/system.ts";
import type { InboxConfig } from "../core/config/parse.ts";
import { AppError } from "../core/errors.ts";
import { joinPath, type PathText } from "../core/inbox/path-text.ts";
import { type PictureInfo, RAW_PREVIEW, type RawWay } from "../core/job/picture.ts";
import type { Files, Pictures } from "../ports.ts";
import { absolute } from "./config-paths.ts";
import type { PictureConfig } from "./pictures.ts";

export const RAW = {
  raw: {
    kind: "choice",
    value: "WAY",
    of: ["preview", "develop", "command"],
    about:
      "How camera RAW becomes a picture: its largest JPEG, developed to 16 bits, or by the configuration's rawCommand; else as the configuration says.",
  },
} as const;

/** As asked, else as the first inbox says; a file that was named is never skipped. Errors: `usage`. */
export function rawWay(
  asked: "preview" | "develop" | "command" | undefined,
  { inboxes }: Pick<PictureConfig, "inboxes">,
): RawWay {
  return asked === undefined ? settledWay(inboxes[0]?.raw) : wayOf(asked, inboxes);
}

const settledWay = (raw: InboxConfig["raw"] | undefined): RawWay => (!raw || raw.kind === "skip" ? RAW_PREVIEW : raw);

function wayOf(asked: "preview" | "develop" | "command", inboxes: PictureConfig["inboxes"]): RawWay {
  if (asked !== "command") return { kind: asked };
  for (const { raw } of inboxes) if (raw.kind === "command") return raw;
  throw new AppError("usage", "--raw command needs an inbox with `raw: command` and its `rawCommand`");
}

export type PlainPicture = {
  readonly file: PathText;
  /** Of a RAW, the picture it became. */
  readonly photo: PictureInfo | null;
  readonly notes: readonly string[];
};

/** Hands `use` the photo as a plain picture: the file itself, or what is developed of it in the system's temporary folder. */
export async function asPicture<T>(
  { files, pictures, signal }: { readonly files: Files; readonly pictures: Pictures; readonly signal: AbortSignal },
  input: PathText,
  way: RawWay,
  use: (picture: PlainPicture) => Promise<T>,
): Promise<T> {
  if ((await pictures.rawKind(input, signal)) === null) return use({ file: input, photo: null, notes: [] });
  const folder = absolute(tmpdir(), `hotgrade-raw-${systemIds.uuid()}`);
  const to = joinPath(folder, "developed.tif");
  await files.makeFolder(folder);
  try {
    const { photo, notes } = await pictures.develop({ original: input, way, folder, to }, signal);
    return await use({ file: to, photo, notes });
  } finally {
    await files.discardFolder(folder);
  }
}

/** Where a program lies: one named by a path there, any other in the folders of PATH. */
export async function findProgram(
  files: Pick<Files, "stat">,
  program: string,
  path: string | undefined,
): Promise<PathText | undefined> {
  const isPath = program.includes("/") || program.includes("\\");
  const endings = delimiter === ";" ? ["", ".exe"] : [""];
  for (const folder of isPath ? [""] : (path ?? "").split(delimiter)) {
    if (!isPath && folder === "") continue;
    for (const ending of endings) {
      const file = absolute(folder || "/", program + ending);
      if ((await files.stat(file))?.kind === "file") return file;
    }
  }
  return undefined;
}

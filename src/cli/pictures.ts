/** Pictures for commands without a line. What such a command waits for before it begins is kept small. */
import { access } from "node:fs/promises";
import { resolve } from "node:path";
import { hostFacts, memoryBudget } from "../adapters/system.ts";
import type { Config, InboxConfig } from "../core/config/parse.ts";
import type { Pictures } from "../ports.ts";
import type { World } from "./command.ts";
import { CONFIG_FILES } from "./config-paths.ts";
import type { Environment } from "./environment.ts";

/** What pictures alone need of the configuration. */
export type PictureConfig = {
  readonly memory: Config["memory"];
  readonly limits: Pick<Config["limits"], "pixels">;
  /** How RAW becomes a picture in them. */
  readonly inboxes: readonly Pick<InboxConfig, "raw">[];
};

/** As the grammar has it where nothing is written; a test compares. */
export const PICTURE_DEFAULTS: PictureConfig = { memory: "auto", limits: { pixels: 500_000_000 }, inboxes: [] };

/** As loadConfig, but where there is no file the grammar is not even read: that takes as long as the rest of the start. */
export async function loadPictureConfig(from: {
  readonly explicit: string | undefined;
  readonly cwd: string;
  readonly env: Environment;
}): Promise<PictureConfig> {
  const isThere = (name: string) =>
    access(resolve(from.cwd, name)).then(
      () => true,
      (cause: NodeJS.ErrnoException) => cause.code !== "ENOENT" && cause.code !== "ENOTDIR",
    );
  if (from.explicit === undefined && !(await Promise.all(CONFIG_FILES.map(isThere))).includes(true))
    return PICTURE_DEFAULTS;
  const { loadConfig } = await import("./config-file.ts");
  return (await loadConfig(from)).config;
}

/** Pictures one after the other in this thread, or (`at once`) by as many workers as there are cores; ended with `use`. */
export async function withPictures<T>(
  config: PictureConfig,
  world: Pick<World, "stderr">,
  how: "one by one" | "at once",
  use: (pictures: Pictures) => Promise<T>,
): Promise<T> {
  const { openPictures, openPicturesHere } = await import("../adapters/pictures/pictures.ts");
  const { pixels } = config.limits;
  if (how === "one by one") {
    const pictures = openPicturesHere(pixels);
    return use(pictures).finally(() => pictures.close());
  }
  const { openLog } = await import("../adapters/log.ts");
  const { stderr } = world;
  const log = openLog({ level: "error", file: null, stderr, plain: stderr.isTTY === true, secrets: [] });
  const facts = hostFacts();
  const memoryBytes = memoryBudget(config.memory, facts);
  const pictures = openPictures({ workers: facts.cpus, memoryBytes, pixelsMax: pixels, log });
  try {
    return await use(pictures);
  } finally {
    await pictures.close();
    await log.close();
  }
}

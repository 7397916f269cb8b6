/** init: writes a commented configuration and makes the folders it names. */

import { constants } from "node:fs";
import { copyFile, mkdir, readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { AppError } from "../core/errors.ts";
import { defineCommand } from "./command.ts";
import { loadConfig } from "./config-file.ts";
import { fromHere } from "./disk.ts";
import { JSON_OUTPUT } from "./options.ts";

/** The configuration that comes with hotgrade is the one that init writes. */
const SHIPPED = resolve(import.meta.dirname, "../../config");

export const init = defineCommand({
  name: "init",
  summary: "write a commented configuration and make its folders",
  usage: "[FOLDER] [--json]",
  about: [
    "Writes config/hotgrade.yaml, with every line explained, and makes the inbox and the outbox beside it. An existing configuration is never touched.",
    "It begins with the builtin backend, which needs no GPU: it reads the words of the prompt, and no model. To use ComfyUI, replace one line as its comment says.",
  ],
  options: JSON_OUTPUT,
  words: [0, 1],
  examples: [
    ["hotgrade init", "in this folder"],
    ["hotgrade init ~/photos/grading", "in another one, made when absent"],
  ],
  async run({ cwd, env, options, words, print }) {
    const root = resolve(cwd, words[0] ?? ".");
    const file = join(root, "config", "hotgrade.yaml");
    await make(dirname(file));
    await writeNew(join(SHIPPED, "hotgrade.yaml"), file);
    await copyFile(join(SHIPPED, "schema.json"), join(root, "config", "schema.json"), constants.COPYFILE_EXCL).catch(
      (cause: NodeJS.ErrnoException) => {
        if (cause.code !== "EEXIST") throw cause; // the editor's help is there already
      },
    );
    const { config } = await loadConfig({ explicit: file, cwd, env });
    const folders = [...new Set(config.inboxes.flatMap(({ path, outbox }) => [path, outbox]))];
    for (const folder of folders) await make(folder);
    if (options.json) {
      print.json({ config: file, folders });
      return;
    }
    const shown = (path: string) => fromHere(cwd, path);
    print.line(`wrote ${shown(file)}`);
    for (const folder of folders) print.line(`made  ${shown(folder)}/`);
    const here = root === resolve(cwd) ? "" : `cd ${shown(root)}\n    `;
    const inbox = basename(config.inboxes[0]?.path ?? "inbox");
    print.say(`\nNext:\n    ${here}hotgrade check     see that everything is in place`);
    print.say(`    hotgrade start     then drop photos into ${inbox}/`);
  },
});

async function make(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    throw new AppError("outbox-unwritable", `cannot make ${folder}: ${(cause as Error).message}`, { folder }, cause);
  }
}

async function writeNew(from: string, to: string): Promise<void> {
  try {
    await copyFile(from, to, constants.COPYFILE_EXCL);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") {
      await readFile(from); // ours to blame when even this fails
      throw new AppError("outbox-unwritable", `cannot write ${to}: ${(cause as Error).message}`, { to }, cause);
    }
    throw new AppError("output-exists", `${to} is there already: remove it, or name another folder`, { to }, cause);
  }
}

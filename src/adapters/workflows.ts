/** Finds workflow files: the project's own first, then the older place, then those that hotgrade brings. */
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { AppError } from "../core/errors.ts";
import type { PathText } from "../core/inbox/path-text.ts";
import { workflowKey } from "../core/workflow/names.ts";
import type { Files } from "../ports.ts";

const SHIPPED = fileURLToPath(new URL("../../workflows", import.meta.url));
const BYTES_MAX = 16 * 2 ** 20;

export type WorkflowText = (name: string) => Promise<{ readonly name: string; readonly text: string }>;

export function workflowLibrary(root: string, files: Files): WorkflowText {
  const folders = [join(root, "workflows"), join(root, "config/comfyui_workflows"), SHIPPED] as PathText[];
  const read = async (file: PathText, name: string) => ({
    name,
    text: (await files.read(file, BYTES_MAX)).toString("utf8"),
  });
  return async (name) => {
    if (name.includes("/")) {
      const file = resolve(root, name) as PathText;
      if (await files.stat(file)) return read(file, basename(name));
      throw new AppError("workflow-missing", `There is no workflow file ${file}.`, { name });
    }
    const known: string[] = [];
    for (const folder of folders) {
      if (!(await files.stat(folder))) continue;
      const names = (await files.list(folder)).map((entry) => entry.name).filter((entry) => /\.json$/i.test(entry));
      const found = names.find((entry) => workflowKey(entry) === workflowKey(name));
      if (found) return read(join(folder, found) as PathText, found);
      known.push(...names.map(workflowKey));
    }
    const list = [...new Set(known)].sort().join(", ");
    throw new AppError("workflow-missing", `No workflow is called ${name}; there is ${list}.`, { name, known });
  };
}

/** Finds workflow files: the project's own first, then the older place, then those that hotgrade brings. */
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { suggest } from "../core/config/suggest.ts";
import { AppError } from "../core/errors.ts";
import type { PathText } from "../core/inbox/path-text.ts";
import { FORMER_NAMES, workflowKey } from "../core/workflow/names.ts";
import type { Files } from "../ports.ts";

const SHIPPED = fileURLToPath(new URL("../../workflows", import.meta.url));
const BYTES_MAX = 16 * 2 ** 20;

const isWorkflow = (file: string): boolean => /\.json$/i.test(file) && !/\.notes\.json$/i.test(file);

export type WorkflowText = (name: string) => Promise<{
  readonly name: string;
  readonly text: string;
  /** Of NAME.notes.json beside it; absent where there is none. */
  readonly notes?: string;
}>;

export function workflowLibrary(root: string, files: Files): WorkflowText {
  const folders = [join(root, "workflows"), join(root, "config/comfyui_workflows"), SHIPPED] as PathText[];
  const read = async (file: PathText, called: string) => {
    const name = called.replace(/\.json$/i, "");
    const text = (await files.read(file, BYTES_MAX)).toString("utf8");
    const beside = file.replace(/\.json$/i, ".notes.json") as PathText;
    if (beside === file || !(await files.stat(beside))) return { name, text };
    return { name, text, notes: (await files.read(beside, BYTES_MAX)).toString("utf8") };
  };
  const look: WorkflowText = async (name) => {
    if (name.includes("/")) {
      const file = resolve(root, name) as PathText;
      if (await files.stat(file)) return read(file, basename(name));
      throw new AppError("workflow-missing", `There is no workflow file ${file}.`, { name });
    }
    const known: string[] = [];
    for (const folder of folders) {
      if (!(await files.stat(folder))) continue;
      const names = (await files.list(folder)).map((entry) => entry.name).filter(isWorkflow);
      const found = names.find((entry) => workflowKey(entry) === workflowKey(name));
      if (found) return read(join(folder, found) as PathText, found);
      known.push(...names.map(workflowKey));
    }
    const former = Object.hasOwn(FORMER_NAMES, workflowKey(name)) ? FORMER_NAMES[workflowKey(name)] : undefined;
    if (former !== undefined) return look(former);
    const list = [...new Set(known)].sort();
    const near = suggest(workflowKey(name), list);
    const meant = near === null ? "" : ` Did you mean ${near}?`;
    throw new AppError("workflow-missing", `No workflow is called ${name}; there is ${list.join(", ")}.${meant}`, {
      name,
      known,
    });
  };
  return look;
}

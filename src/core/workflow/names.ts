/** Names of workflows. */

/** What two names have in common that mean one workflow: `_` and `-` are the same, and ".json" may be left out. */
export function workflowKey(name: string): string {
  return name
    .replace(/\.json$/i, "")
    .replaceAll("_", "-")
    .toLowerCase();
}

/** Names that workflows of ours had before; a file of that name wins. */
export const FORMER_NAMES: Readonly<Record<string, string>> = {
  "flux2-klein-4b": "flux2-klein-color-grade",
  "qwen-image-edit-2511": "qwen-color-grade",
};

/** Do both name one workflow, in whatever spelling, and by its former name too? */
export function isSameWorkflow(one: string, other: string): boolean {
  const keyOf = (name: string): string => FORMER_NAMES[workflowKey(name)] ?? workflowKey(name);
  return keyOf(one) === keyOf(other);
}

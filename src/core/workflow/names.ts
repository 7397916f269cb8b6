/** Names of workflows. */

/** What two names have in common that mean one workflow: `_` and `-` are the same, and ".json" may be left out. */
export function workflowKey(name: string): string {
  return name
    .replace(/\.json$/i, "")
    .replaceAll("_", "-")
    .toLowerCase();
}

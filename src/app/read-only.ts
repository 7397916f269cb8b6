/** The disk of a try: everything can be read, and nothing is written. */
import type { PathText } from "../core/inbox/path-text.ts";
import { RECIPE_FILES } from "../core/inbox/rule.ts";
import type { Files } from "../ports.ts";

/** A disk that can be read. What would be written is believed to be. */
export function readOnly(files: Files): Files {
  /** A folder's words are asked for once, not for each of its 20,000 photos. */
  const words = new Map<PathText, ReturnType<Files["stat"]>>();
  const stat: Files["stat"] = (path) => {
    if (!RECIPE_FILES.some((name) => path.endsWith(`/${name}`))) return files.stat(path);
    const known = words.get(path) ?? files.stat(path);
    words.set(path, known);
    return known;
  };
  const nothing = async () => {};
  return {
    ...files,
    stat,
    makeFolder: nothing,
    proveWritable: nothing,
    writeNew: nothing,
    writeAtomic: nothing,
    replace: nothing,
    syncFolder: nothing,
    discard: nothing,
    discardFolder: nothing,
    publish: async () => "published",
    move: async () => "moved",
    copy: async () => "copied",
    trash: async (path) => path,
  };
}

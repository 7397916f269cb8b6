/** The disk of a try: everything can be read, and nothing is written. */
import type { Files } from "../ports.ts";

/** A disk that can be read. What would be written is believed to be. */
export function readOnly(files: Files): Files {
  const nothing = async () => {};
  return {
    ...files,
    makeFolder: nothing,
    proveWritable: nothing,
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

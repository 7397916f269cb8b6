/** The cache of node results: keyed by class, inputs and everything upstream, not by node id. */
import { existsSync, readFileSync } from "node:fs";
import { type Folders, sha256 } from "./files.ts";
import type { ComfyuiOptions } from "./options.ts";
import type { Performed } from "./perform.ts";
import type { GraphJson } from "./validate.ts";

export type Cache = {
  get(signature: string): Performed | undefined;
  set(signature: string, result: Performed): void;
  /** Forgets what the running prompt does not use, where the cache is of that kind. */
  keep(signatures: Iterable<string>): void;
  clear(): void;
};

export function cache(kind: NonNullable<ComfyuiOptions["cache"]>): Cache {
  const results = new Map<string, Performed>();
  return {
    get: (signature) => results.get(signature),
    set: (signature, result) => void (kind === "none" || results.set(signature, result)),
    keep(signatures) {
      if (kind !== "classic") return;
      const used = new Set(signatures);
      for (const signature of results.keys()) if (!used.has(signature)) results.delete(signature);
    },
    clear: () => results.clear(),
  };
}

/** The key of every node of a graph. A file is known by its bytes at this moment. */
export function signaturesOf(graph: GraphJson, folders: Folders): ReadonlyMap<string, string> {
  const known = new Map<string, string>();
  const signature = (id: string): string => {
    const found = known.get(id);
    if (found !== undefined) return found;
    const { class_type, inputs } = graph[id]!;
    const parts = Object.keys(inputs)
      .sort()
      .map((name) => {
        const value = inputs[name];
        if (Array.isArray(value) && typeof value[0] === "string" && value[0] in graph)
          return [name, signature(value[0]), value[1]];
        return [name, value, class_type === "LoadImage" && name === "image" ? bytesOf(folders, value) : ""];
      });
    const made = sha256(Buffer.from(JSON.stringify([class_type, parts])));
    known.set(id, made);
    return made;
  };
  for (const id of Object.keys(graph)) signature(id);
  return known;
}

function bytesOf(folders: Folders, name: unknown): string {
  const path = folders.locate(String(name));
  return existsSync(path) ? sha256(readFileSync(path)) : "";
}

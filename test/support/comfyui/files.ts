/** The three folders of a ComfyUI on disk, and its rules for names in them. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, join, resolve, sep } from "node:path";

export const TYPES = ["input", "output", "temp"] as const;
export type Type = (typeof TYPES)[number];

export type Folders = {
  readonly root: string;
  path(type: Type): string;
  /** Where a graph's file name leads: `name`, `sub/name`, `name [output]`. */
  locate(name: string): string;
  exists(name: string): boolean;
  inputNames(): string[];
  /** `temp` does not outlive a start. */
  wipeTemp(): void;
};

export function folders(root: string): Folders {
  const path = (type: Type) => join(root, type);
  for (const type of TYPES) mkdirSync(path(type), { recursive: true });
  const locate = (name: string) => {
    const { plain, type } = annotated(name);
    return resolve(path(type ?? "input"), plain);
  };
  return {
    root,
    path,
    locate,
    exists: (name) => existsSync(locate(name)),
    inputNames: () =>
      readdirSync(path("input"), { withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ name }) => name)
        .sort(),
    wipeTemp() {
      rmSync(path("temp"), { recursive: true, force: true });
      mkdirSync(path("temp"), { recursive: true });
    },
  };
}

/** `in.png [input]` names a type. */
export function annotated(name: string): { readonly plain: string; readonly type?: Type } {
  const type = TYPES.find((each) => name.endsWith(`[${each}]`));
  return type ? { plain: name.slice(0, -type.length - 3), type } : { plain: name };
}

export type Answer = { readonly status: number; readonly json?: unknown };
type Upload = { readonly name: string; readonly bytes: Buffer; readonly fields: ReadonlyMap<string, string> };

/** Stores an uploaded file by ComfyUI's rules. Throws where the real one answers 500. */
export function storeUpload(all: Folders, { name, bytes, fields }: Upload): Answer {
  const type = fields.get("type") ?? "input";
  if (!isType(type)) throw new Error(`no folder for ${type}`);
  if (name === "") return { status: 400 };
  const subfolder = fields.get("subfolder") ?? "";
  const base = all.path(type);
  const folder = join(base, subfolder.startsWith("/") ? `..${subfolder}` : subfolder);
  if (!isWithin(base, folder)) return { status: 400 };
  if (!isWithin(base, resolve(folder, name))) return { status: 400 };
  mkdirSync(folder, { recursive: true });
  const overwrite = ["true", "1"].includes(fields.get("overwrite") ?? "");
  const stored = overwrite ? name : freeName(folder, name, bytes);
  writeFileSync(resolve(folder, stored), bytes);
  return { status: 200, json: { name: stored, subfolder, type } };
}

/** The name itself, or `stem (1).ext` … where it is taken by other bytes. */
function freeName(folder: string, name: string, bytes: Buffer): string {
  const end = extname(name);
  const stem = name.slice(0, name.length - end.length);
  for (let n = 0; ; n++) {
    const candidate = n === 0 ? name : `${stem} (${n})${end}`;
    const path = resolve(folder, candidate);
    if (!existsSync(path) || sha256(readFileSync(path)) === sha256(bytes)) return candidate;
  }
}

export function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

export type Found =
  | { readonly kind: "none"; readonly status: 400 | 403 | 404 }
  | { readonly kind: "file"; readonly path: string; readonly name: string };

/** /view's way from a query to a file. */
export function findView(all: Folders, query: URLSearchParams): Found {
  const asked = query.get("filename");
  if (asked === null) return { kind: "none", status: 404 };
  const { plain, type = query.get("type") ?? "output" } = annotated(asked);
  if (plain === "" || plain.startsWith("/") || plain.includes("..")) return { kind: "none", status: 400 };
  if (!isType(type)) return { kind: "none", status: 400 };
  const base = all.path(type);
  const folder = resolve(base, query.get("subfolder") ?? "");
  if (!isWithin(base, folder)) return { kind: "none", status: 403 };
  const name = basename(plain);
  const path = join(folder, name);
  if (!existsSync(path) || !statSync(path).isFile()) return { kind: "none", status: 404 };
  return { kind: "file", path, name };
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".webp": "image/webp",
  ".gif": "image/gif",
};

export function contentType(name: string): string {
  return CONTENT_TYPES[extname(name).toLowerCase()] ?? "application/octet-stream";
}

/** SaveImage's next name for a prefix: one above the highest number on disk. Throws outside the folder. */
export function nextName(
  base: string,
  prefix: string,
  size: { readonly width: number; readonly height: number },
): { readonly folder: string; readonly subfolder: string; readonly stem: string; readonly counter: number } {
  const expanded = prefix.replaceAll("%width%", String(size.width)).replaceAll("%height%", String(size.height));
  const subfolder = dirname(expanded) === "." ? "" : dirname(expanded);
  const stem = basename(expanded);
  const folder = resolve(base, subfolder);
  if (!isWithin(base, folder)) throw new Error("**** ERROR: Saving image outside the output folder is not allowed.\n");
  mkdirSync(folder, { recursive: true });
  const numbers = readdirSync(folder)
    .filter((name) => name.toLowerCase().startsWith(`${stem.toLowerCase()}_`))
    .map((name) => Number.parseInt(name.slice(stem.length + 1), 10))
    .filter((number) => Number.isInteger(number));
  return { folder, subfolder, stem, counter: Math.max(0, ...numbers) + 1 };
}

function isType(type: string): type is Type {
  return (TYPES as readonly string[]).includes(type);
}

function isWithin(base: string, path: string): boolean {
  const full = resolve(path);
  return full === resolve(base) || full.startsWith(resolve(base) + sep);
}

/** The map of the code, checked: imports point down, each package has one door, the core is pure. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, test } from "vitest";

const SRC = join(import.meta.dirname, "../../src");
const LINES_MAX = 300;

/** Floor of a file by its folder; a file imports from its own floor or below. */
const FLOORS: readonly (readonly [prefix: string, floor: number])[] = [
  ["main.ts", 7],
  ["cli/", 6],
  ["web/", 5],
  ["app/", 4],
  ["stages/", 3],
  ["finishes/", 3],
  ["adapters/", 2],
  ["ports", 1],
  ["core/", 0],
];

/** Package → the only place that may import it (a path prefix below src). zod is free. */
const DOORS: Readonly<Record<string, string>> = {
  "better-sqlite3": "adapters/sqlite/",
  chokidar: "adapters/inbox",
  croner: "adapters/schedule.ts",
  "exiftool-vendored": "adapters/pictures/",
  "libheif-js": "adapters/pictures/",
  "libraw-wasm": "adapters/pictures/raw/",
  pino: "adapters/log.ts",
  sharp: "adapters/pictures/",
  undici: "adapters/backends/comfyui",
  ws: "adapters/backends/comfyui",
  yaml: "cli/config-file.ts",
};

/** What the core may not touch: it computes from plain values alone. */
const IMPURE = /\b(Date\.now|new Date\(\)|Math\.random|process\.|fetch\(|setTimeout|performance\.)/;

/** `import … from "x"`, `export … from "x"`, `import "x"`, `import("x")`. */
const IMPORT = /(?:^(?:import|export)\b[^;"]*?from\s+|^import\s+|\bimport\()"([^"]+)"/gm;

type Import = { readonly from: string; readonly to: string };

const files = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .map((name) => name.replaceAll("\\", "/"))
  .filter((name) => name.endsWith(".ts") && !name.endsWith(".as.ts"))
  .sort();
const text = new Map(files.map((name) => [name, readFileSync(join(SRC, name), "utf8")]));
const imports: Import[] = files.flatMap((from) =>
  [...text.get(from)!.matchAll(IMPORT)].map((match) => ({ from, to: match[1]! })),
);
const local = imports
  .filter(({ to }) => to.startsWith("."))
  .map(({ from, to }) => ({ from, to: relative(SRC, join(SRC, dirname(from), to)).replaceAll("\\", "/") }));

function floorOf(file: string): number {
  const found = FLOORS.find(([prefix]) => file.startsWith(prefix));
  if (!found) throw new Error(`${file} is in no folder of the map`);
  return found[1];
}

/** `adapters/inbox.ts` and `adapters/inbox-walk.ts`, `adapters/pictures/pool.ts` and `adapters/pictures/decode.ts` are parts of one adapter, `adapters/pictures`. */
const adapterOf = (file: string): string =>
  /^adapters\/backends\/[^/.]+/.exec(file)?.[0] ??
  file
    .split("/")
    .slice(0, 2)
    .join("/")
    .replace(/(-[a-z-]+)?\.ts$/, "");

describe("floors", () => {
  test("imports point down or stay on their floor", () => {
    expect(local.filter(({ from, to }) => floorOf(to) > floorOf(from))).toEqual([]);
  });

  test("adapters never import each other", () => {
    const between = local.filter(
      ({ from, to }) =>
        from.startsWith("adapters/") &&
        to.startsWith("adapters/") &&
        adapterOf(from) !== adapterOf(to) &&
        !/^adapters\/files[./]/.test(to),
    );
    expect(between).toEqual([]);
  });

  test("stages never import each other", () => {
    const parts = [
      ...[
        "copy",
        "define",
        "developed",
        "elsewhere",
        "index",
        "keep-look",
        "original",
        "companions",
        "put-away",
        "review",
        "shoot",
        "submission",
      ],
    ];
    const shared = new Set(parts.map((part) => `stages/${part}.ts`));
    const between = local.filter(
      ({ from, to }) => from.startsWith("stages/") && to.startsWith("stages/") && !shared.has(to) && !shared.has(from),
    );
    expect(between).toEqual([]);
  });

  test("each package is imported through its one door", () => {
    const bare = imports.filter(({ to }) => !to.startsWith(".") && !to.startsWith("node:"));
    const astray = bare.filter(({ from, to }) => {
      const name = to.split("/")[0]!;
      return name !== "zod" && !(DOORS[name] !== undefined && from.startsWith(DOORS[name]));
    });
    expect(astray).toEqual([]);
  });

  test("the core imports only itself and zod, and reads no clock, chance or process", () => {
    const core = (file: string) => file.startsWith("core/");
    expect(imports.filter(({ from, to }) => core(from) && !to.startsWith(".") && to !== "zod")).toEqual([]);
    const code = (source: string) => source.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
    expect(files.filter((file) => core(file) && IMPURE.test(code(text.get(file)!)))).toEqual([]);
  });

  test("only the programs' own entries read argv, environment and signals", () => {
    const entries = ["main.ts", "adapters/pictures/worker.ts", "adapters/inbox-share-worker.ts"];
    const readers = files.filter((file) => /process\.(argv|env|on)\b/.test(text.get(file)!));
    expect(readers.filter((file) => !entries.includes(file))).toEqual([]);
  });

  test(`no file is longer than ${LINES_MAX} lines`, () => {
    const long = files.map((file) => [file, text.get(file)!.split("\n").length - 1] as const);
    expect(long.filter(([, lines]) => lines > LINES_MAX)).toEqual([]);
  });
});

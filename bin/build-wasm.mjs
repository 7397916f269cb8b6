/**
 * Compiles every AssemblyScript entry of the sources into a module of TypeScript that holds its WebAssembly in base 64, so
 * that the core, which opens no files, can import it. A test compiles again and compares.
 */
import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

/** Entry → the module beside it. */
export const ENTRIES = ["src/core/lut/fit/loops/index.as.ts", "src/core/lut/kernel/kernel.as.ts"];

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const LINE = 116;

export const builtName = (entry) => entry.replace(/\.as\.ts$/, ".wasm.ts");

/** The text of the built module. */
export async function built(entry) {
  let binary;
  const { error, stderr } = await asc.main(
    [
      entry,
      "--outFile",
      "out.wasm",
      "--runtime",
      "stub",
      "--noAssert",
      "--enable",
      "simd",
      "-O3",
      "--converge",
      ...(process.env.NAMES ? ["--debug"] : []),
      "--use",
      "abort=",
    ],
    {
      readFile: (name, folder) => readFile(`${folder}/${name}`, "utf8").catch(() => null),
      writeFile: (name, contents) => {
        if (name.endsWith(".wasm")) binary = contents;
      },
      listFiles: () => [],
    },
  );
  if (error) throw new Error(`${entry}: ${stderr.toString() || error.message}`);
  const lines = Buffer.from(binary)
    .toString("base64")
    .match(new RegExp(`.{1,${LINE}}`, "g"));
  return [
    `/** ${entry.split("/").at(-1)}, compiled by \`npm run build:wasm\`. */`,
    "export const WASM =",
    `${lines.map((line) => `  "${line}"`).join(" +\n")};`,
    "",
  ].join("\n");
}

if (resolve(process.argv[1] ?? "") === fileURLToPath(import.meta.url)) {
  process.chdir(ROOT);
  for (const entry of ENTRIES) await writeFile(builtName(entry), await built(entry));
}

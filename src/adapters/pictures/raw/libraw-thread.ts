/**
 * A thread that develops one RAW and ends: LibRaw's memory goes with it, and whatever becomes of it, it goes alone.
 *
 * The package was built for browsers. It asks for a worker's global scope, and would fetch its program from a server; here
 * it finds the one and is handed the other.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { parentPort, workerData } from "node:worker_threads";

export type Developed = { readonly width: number; readonly height: number; readonly samples: Uint16Array };
export type Answer =
  | { readonly kind: "done"; readonly picture: Developed }
  | { readonly kind: "failed"; readonly why: string };

type Image = { readonly width: number; readonly height: number; readonly colors: number; readonly data: Uint16Array };
type LibRaw = {
  open(file: Uint8Array, settings: Readonly<Record<string, unknown>>): void;
  imageData(): Image | undefined;
};
type Module = { readonly LibRaw: new () => LibRaw };

/** The part of WebAssembly that is used here; the compiler's own library knows it only for browsers. */
type Assembly = {
  readonly Module: new (program: Uint8Array) => object;
  readonly Instance: new (module: object, imports: unknown) => { readonly exports: object };
};

/**
 * White balance as the camera had it, colours by the camera's matrix, sRGB primaries and curve, 16 bits, upright; no
 * brightening by what is in the frame: photos of one series stay alike.
 */
const SETTINGS = {
  outputBps: 16,
  outputColor: 1,
  // As LibRaw keeps it: the inverse of the power, the slope at its toe, and four places that it fills in.
  gamm: [1 / 2.4, 12.92, 0, 0, 0, 0],
  useCameraWb: true,
  useCameraMatrix: 1,
  noAutoBright: true,
  highlight: 0,
  userQual: 3,
  userFlip: -1,
};

async function develop(file: Uint8Array): Promise<Developed> {
  const folder = new URL(".", `file://${createRequire(import.meta.url).resolve("libraw-wasm")}`);
  const program = readFileSync(new URL("libraw.wasm", folder));
  (globalThis as Record<string, unknown>).WorkerGlobalScope ??= class {};
  const { default: load } = await import(new URL("libraw.js", folder).href);
  const { Module, Instance } = (globalThis as unknown as { readonly WebAssembly: Assembly }).WebAssembly;
  const instantiateWasm = (imports: unknown, done: (instance: object, module: object) => void) => {
    const module = new Module(program);
    const instance = new Instance(module, imports);
    done(instance, module);
    return instance.exports;
  };
  const said: string[] = [];
  const hear = (line: string) => void said.push(line);
  const { LibRaw }: Module = await load({ instantiateWasm, print: hear, printErr: hear });
  const raw = new LibRaw();
  raw.open(file, SETTINGS);
  const image = raw.imageData();
  // It goes on with what it has, and only says so.
  const trouble = said.find((line) => /data corrupted|unexpected end of file/i.test(line));
  if (trouble !== undefined) throw new Error("its sensor data is damaged or cut short");
  if (!image) throw new Error("it gave no picture");
  const { width, height, colors, data } = image;
  if (colors !== 3 || data.length !== 3 * width * height) throw new Error(`it gave ${colors} colours`);
  return { width, height, samples: data.buffer instanceof SharedArrayBuffer ? Uint16Array.from(data) : data };
}

const say = (answer: Answer): void => {
  const transfer = answer.kind === "done" ? [answer.picture.samples.buffer as ArrayBuffer] : [];
  parentPort!.postMessage(answer, transfer);
};

try {
  say({ kind: "done", picture: await develop(workerData as Uint8Array) });
} catch (thrown) {
  const why =
    thrown instanceof Error && thrown.message ? thrown.message : "it is damaged, or of a kind it does not know";
  say({ kind: "failed", why });
}

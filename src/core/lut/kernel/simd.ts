/** The kernel in WebAssembly with vectors: the caller's pixels go through a small strip in the module's memory and back. */
import { instanceOf, isSupported, type Memory, PAGE } from "../../wasm.ts";
import type { Lattice } from "../lattice.ts";
import type { Kernel } from "./kernel.ts";
import { WASM } from "./kernel.wasm.ts";
import { nodesOf8, nodesOf16 } from "./nodes.ts";

type Grade = (pixels: number, count: number, nodes: number, n: number, scratch: number) => void;
type KernelLoops = {
  readonly memory: Memory;
  readonly grade8rgb: Grade;
  readonly grade8rgba: Grade;
  readonly grade16rgb: Grade;
  readonly grade16rgba: Grade;
};

/** Pixels of a strip: small enough for the cache, large enough that a call costs nothing beside it. */
const STRIP = 32_768;
const SCRATCH_BYTES = 64;
/** Vectors are read whole, beyond the last pixel. */
const MARGIN_BYTES = 16;

/** Does this machine's WebAssembly have vectors? */
export const hasSimd = (): boolean => isSupported(WASM);

export function simdKernel(lattice: Lattice, bits: 8 | 16): Kernel["apply"] {
  const loops = instanceOf<KernelLoops>(WASM);
  const table = bits === 8 ? nodesOf8(lattice) : nodesOf16(lattice);
  const scratch = loops.memory.buffer.byteLength;
  const nodes = scratch + SCRATCH_BYTES;
  const strip = nodes + Math.ceil(table.byteLength / SCRATCH_BYTES) * SCRATCH_BYTES;
  const bytes = (STRIP * 4 * bits) / 8;
  loops.memory.grow(Math.ceil((strip + bytes + MARGIN_BYTES - scratch) / PAGE));
  new Uint8Array(loops.memory.buffer).set(new Uint8Array(table.buffer), nodes);
  const room = new Uint8Array(loops.memory.buffer, strip, bytes);
  return (pixels, channels) => {
    const grade = loops[`grade${bits}${channels === 4 ? "rgba" : "rgb"}`];
    const whole = new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
    const step = (STRIP * channels * bits) / 8;
    for (let at = 0; at < whole.length; at += step) {
      const part = whole.subarray(at, at + step);
      room.set(part);
      grade(strip, Math.ceil((part.length / step) * STRIP), nodes, lattice.n, scratch);
      part.set(room.subarray(0, part.length));
    }
  };
}

/**
 * Loops compiled ahead of time to WebAssembly, over arrays that stay ours: each call works on copies in the module's own
 * memory and copies back what it wrote. A copy costs little of what the loops do with it, and nothing outside has to know
 * where anything lies.
 */

export type Numbers = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float32Array | Float64Array;

/** `reads` are copied in, `writes` in and out; `gives` only out, since the loops fill them wholly. */
export type Arrays = {
  readonly reads: readonly (Numbers | undefined)[];
  readonly writes?: readonly Numbers[];
  readonly gives?: readonly Numbers[];
};

/** The module's memory during one call. Places are byte offsets. */
export type Desk = {
  /** Where an array lies; 0 for one that is left out. */
  at(array: Numbers | undefined): number;
  /** A place for so many bytes, all zero, until the call ends. */
  room(bytes: number): number;
  /** What lies at a place now. */
  doubles(place: number, count: number): Float64Array;
};

export type Loops<E> = <R>(arrays: Arrays, work: (loops: E, desk: Desk) => R) => R;

export type Memory = { readonly buffer: ArrayBuffer; grow(pages: number): number };

/** The part of the standard that is used here; no library of types for servers has it. */
declare const WebAssembly: {
  readonly CompileError: new () => Error;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

export const PAGE = 65_536;
/** Vectors are read fastest from even places. */
const ALIGNMENT = 16;

/** `base64` is a compiled module that imports nothing; `E` says what it exports besides its memory. */
export function openLoops<E>(base64: string): Loops<E> {
  let opened: (E & { readonly memory: Memory }) | undefined;
  let heap = 0;
  return ({ reads, writes = [], gives = [] }, work) => {
    if (!opened) {
      opened = instanceOf<E & { readonly memory: Memory }>(base64);
      heap = opened.memory.buffer.byteLength;
    }
    const { memory } = opened;
    let end = heap;
    const taken = (bytes: number): number => {
      const place = end;
      end += Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
      const missing = end - memory.buffer.byteLength;
      if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
      return place;
    };
    const places = new Map<Numbers, number>();
    for (const array of [...reads, ...writes, ...gives])
      if (array !== undefined && !places.has(array)) places.set(array, taken(array.byteLength));
    for (const [array, place] of places) if (!gives.includes(array)) viewOf(memory, array, place).set(array);
    const result = work(opened, {
      at: (array) => (array === undefined ? 0 : places.get(array)!),
      room(bytes) {
        const place = taken(bytes);
        new Uint8Array(memory.buffer, place, bytes).fill(0);
        return place;
      },
      doubles: (place, count) => new Float64Array(memory.buffer, place, count).slice(),
    });
    for (const array of [...writes, ...gives]) array.set(viewOf(memory, array, places.get(array)!));
    return result;
  };
}

const modules = new Map<string, object>();

/** A new instance, with a memory of its own; the module is compiled once. */
export function instanceOf<E>(base64: string): E {
  return new WebAssembly.Instance(moduleOf(base64)).exports as E;
}

/** Can this machine run it? One without vectors compiles nothing that uses them. */
export function isSupported(base64: string): boolean {
  if (!("WebAssembly" in globalThis)) return false;
  try {
    moduleOf(base64);
    return true;
  } catch (thrown) {
    // Whatever else is thrown is no answer to the question.
    if (thrown instanceof WebAssembly.CompileError) return false;
    throw thrown;
  }
}

function moduleOf(base64: string): object {
  const module = modules.get(base64) ?? new WebAssembly.Module(bytesOf(base64));
  modules.set(base64, module);
  return module;
}

const bytesOf = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

function viewOf(memory: Memory, array: Numbers, place: number): Numbers {
  // A Buffer is bytes as well, and no constructor of views.
  const Type = array instanceof Uint8Array ? Uint8Array : (array.constructor as ViewOf<Exclude<Numbers, Uint8Array>>);
  return new Type(memory.buffer, place, array.length);
}

type ViewOf<A> = new (buffer: ArrayBuffer, byteOffset: number, length: number) => A;

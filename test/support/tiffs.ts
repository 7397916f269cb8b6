/** TIFF files from a description of their directories, for tests: any tag, any order of bytes, anything hanging below. */

export type Content =
  | readonly number[]
  | string
  | Buffer
  /** The offset of these bytes, which lie elsewhere. */
  | { readonly blob: Buffer }
  | { readonly directory: Directory }
  | { readonly directories: readonly Directory[] };

export type Directory = {
  readonly entries: readonly (readonly [tag: number, type: number, content: Content])[];
  readonly next?: Directory;
};

export type TiffOptions = {
  readonly little?: boolean;
  /** What stands in the first bytes instead of a TIFF's; the offset of the first directory is put at 4. */
  readonly head?: Buffer;
};

const SIZES: Readonly<Record<number, number>> = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 9: 4, 10: 8, 13: 4 };

/** Numerator and denominator, little-endian. */
export function rational(over: number, under: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeInt32LE(over);
  bytes.writeInt32LE(under, 4);
  return bytes;
}

/** The whole file. Buffers among the contents are taken as they are: make them in the file's order. */
export function buildTiff(root: Directory, { little = true, head }: TiffOptions = {}): Buffer {
  const start = head ?? Buffer.from(little ? "II*\0\0\0\0\0" : "MM\0*\0\0\0\0", "latin1");
  const pieces: Buffer[] = [Buffer.from(start)];
  let end = start.length;
  const place = (bytes: Buffer): number => {
    const at = end;
    pieces.push(bytes, Buffer.alloc(bytes.length & 1));
    end += bytes.length + (bytes.length & 1);
    return at;
  };
  const put16 = (into: Buffer, value: number, at: number) =>
    little ? into.writeUInt16LE(value, at) : into.writeUInt16BE(value, at);
  const put32 = (into: Buffer, value: number, at: number) =>
    little ? into.writeUInt32LE(value, at) : into.writeUInt32BE(value, at);

  function numbers(type: number, values: readonly number[]): Buffer {
    const size = SIZES[type]!;
    const bytes = Buffer.alloc(size * values.length);
    for (const [index, value] of values.entries()) {
      if (size === 2) put16(bytes, value, 2 * index);
      else if (size === 4) put32(bytes, value, 4 * index);
      else bytes[index] = value;
    }
    return bytes;
  }

  function bytesOf(type: number, content: Content): Buffer {
    if (typeof content === "string") return Buffer.from(`${content}\0`);
    if (Buffer.isBuffer(content)) return content;
    if ("blob" in content) return numbers(4, [place(content.blob)]);
    if ("directory" in content) return numbers(4, [write(content.directory)]);
    if ("directories" in content) return numbers(4, content.directories.map(write));
    return numbers(type, content);
  }

  function write({ entries, next }: Directory): number {
    const sorted = [...entries].sort(([one], [other]) => one - other);
    const table = Buffer.alloc(2 + 12 * sorted.length + 4);
    const at = place(table);
    put16(table, sorted.length, 0);
    for (const [index, [tag, type, content]] of sorted.entries()) {
      const entry = 2 + 12 * index;
      const bytes = bytesOf(type, content);
      put16(table, tag, entry);
      put16(table, type, entry + 2);
      put32(table, bytes.length / SIZES[type]!, entry + 4);
      if (bytes.length <= 4) bytes.copy(table, entry + 8);
      else put32(table, place(bytes), entry + 8);
    }
    if (next) put32(table, write(next), table.length - 4);
    return at;
  }

  put32(pieces[0]!, write(root), 4);
  return Buffer.concat(pieces);
}

/** Lines of a picture in a profile of its own to sRGB numbers and back, fast: by tables. */
import { toEncoded, toLinear } from "../../core/colour/srgb.ts";
import { inverse, type ProfileWay } from "./icc.ts";

const STEPS = 32_768;
/** sRGB numbers of colours outside of it: no profile of matrices goes further than this. */
const OUTSIDE = 1;

/** 16-bit codes of a profile to sRGB numbers and back, by tables: a line in, a line out. */
export function converters({ curves, matrix }: ProfileWay) {
  const decode = curves.map((curve) => Float64Array.from({ length: 65_536 }, (_, code) => curve.decode(code / 65_535)));
  const encode = curves.map((curve) => tableOf((linear) => 65_535 * curve.encode(linear), 0, 1));
  const encodeSrgb = tableOf(toEncoded, -OUTSIDE, 1 + OUTSIDE);
  const decodeSrgb = tableOf(toLinear, -OUTSIDE, 1 + OUTSIDE);
  const [m, back] = [matrix.flat(), inverse(matrix).flat()];
  return {
    toSrgb(row: Uint16Array, channels: number, out: Float64Array): void {
      const [red, green, blue] = [decode[0]!, decode[1]!, decode[2]!];
      for (let p = 0, q = 0; q < out.length; p += channels, q += 3) {
        const r = red[row[p]!]!;
        const g = green[row[p + 1]!]!;
        const b = blue[row[p + 2]!]!;
        for (let c = 0; c < 3; c++)
          out[q + c] = readTable(encodeSrgb, m[3 * c]! * r + m[3 * c + 1]! * g + m[3 * c + 2]! * b);
      }
    },
    fromSrgb(colours: Float64Array, row: Uint16Array, channels: number): void {
      for (let p = 0, q = 0; q < colours.length; p += channels, q += 3) {
        const r = readTable(decodeSrgb, colours[q]!);
        const g = readTable(decodeSrgb, colours[q + 1]!);
        const b = readTable(decodeSrgb, colours[q + 2]!);
        for (let c = 0; c < 3; c++) {
          const linear = back[3 * c]! * r + back[3 * c + 1]! * g + back[3 * c + 2]! * b;
          row[p + c] = readTable(encode[c]!, linear) + 0.5;
        }
      }
    },
  };
}

/** A function over `from` … `to` in even steps, read by straight lines; the ends hold beyond. */
type Table = { readonly values: Float64Array; readonly from: number; readonly scale: number };

function tableOf(value: (at: number) => number, from: number, to: number): Table {
  const count = STEPS * (to - from);
  const values = Float64Array.from({ length: count + 1 }, (_, index) => value(from + index / STEPS));
  return { values, from, scale: STEPS };
}

function readTable({ values, from, scale }: Table, at: number): number {
  const place = Math.min(values.length - 1.000001, Math.max(0, (at - from) * scale));
  const index = place | 0;
  return values[index]! + (place - index) * (values[index + 1]! - values[index]!);
}

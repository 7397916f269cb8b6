/**
 * What a look rests on: the colours its pictures showed. Elsewhere it goes on as its shape suggests and may be wrong.
 * The .cube format has no field for it, and a look travels without its report, so it is kept in comments.
 */

/**
 * Shape   n × n × n nodes over the RGB cube, red fastest: 1 where the fitted pictures had colours, else 0.
 */
export type Support = { readonly n: number; readonly known: Uint8Array };

/** Does a look know this colour? `colours` holds encoded R′G′B′ 0 … 1, interleaved; the nearest node answers. */
export function isKnown({ n, known }: Support, colours: ArrayLike<number>, at: number): boolean {
  const nearest = (value: number) => Math.min(n - 1, Math.max(0, Math.round(value * (n - 1))));
  return known[nearest(colours[at]!) + n * (nearest(colours[at + 1]!) + n * nearest(colours[at + 2]!))] === 1;
}

/** Share 0 … 1 of a picture's pixels (RGB interleaved, 8 bits) whose colours the look does not know. */
export function shareOutside(support: Support, pixels: Uint8Array): number {
  const colour = [0, 0, 0];
  let outside = 0;
  for (let q = 0; q < pixels.length; q += 3) {
    for (let c = 0; c < 3; c++) colour[c] = pixels[q + c]! / 255;
    if (!isKnown(support, colour, 0)) outside++;
  }
  return pixels.length > 0 ? outside / (pixels.length / 3) : 0;
}

const SHARE = /^Coverage: (0(?:\.\d{1,6})?|1(?:\.0{1,6})?)\b/;
const NODES = /^Support (\d{1,3}): ([A-Za-z0-9+/=]+)$/;
/** Programs read lines of a .cube into small buffers. */
const LINE_LENGTH = 64;
const SUPPORT_SIZE_MAX = 65;

/** The comments: "Coverage: 0.98 …", then the support's bits in base 64. */
export function coverageNotes(coverage: number, { n, known }: Support): readonly string[] {
  const bits = new Uint8Array(Math.ceil(known.length / 8));
  known.forEach((one, node) => {
    if (one) bits[node >> 3]! |= 1 << (node & 7);
  });
  const text = btoa(String.fromCharCode(...bits));
  const lines = text.match(new RegExp(`.{1,${LINE_LENGTH}}`, "g")) ?? [];
  return [
    `Coverage: ${Math.round(1e4 * coverage) / 1e4} of the fitted picture's colours.`,
    ...lines.map((line) => `Support ${n}: ${line}`),
  ];
}

/** What the comments say of the share; undefined where they do not. */
export function coverageIn(comments: readonly string[]): number | undefined {
  for (const comment of comments) {
    const share = SHARE.exec(comment)?.[1];
    if (share !== undefined) return Number(share);
  }
  return undefined;
}

/** The support in the comments; undefined where there is none, or not a whole one. */
export function supportIn(comments: readonly string[]): Support | undefined {
  const lines = comments.flatMap((comment) => {
    const [, n, text] = NODES.exec(comment) ?? [];
    return n === undefined || text === undefined ? [] : [{ n: Number(n), text }];
  });
  const n = lines[0]?.n ?? 0;
  const bits = bytesOf(lines.map(({ text }) => text).join(""));
  if (n < 2 || n > SUPPORT_SIZE_MAX || bits?.length !== Math.ceil(n ** 3 / 8)) return undefined;
  return { n, known: Uint8Array.from({ length: n ** 3 }, (_, node) => (bits[node >> 3]! >> (node & 7)) & 1) };
}

function bytesOf(base64: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  } catch {
    return undefined;
  }
}

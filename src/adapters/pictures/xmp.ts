/**
 * XMP made true for a graded file: upright, its own size, faces where they are now, and no word of pictures that are gone.
 * The packet is edited as text, so that everything nobody here knows stays as it was, to the byte.
 *
 * Source  XMP specification parts 1 and 3; MWG guidelines 2.0 (regions); Ultra HDR 1.1 and Motion Photo 1.0 (Android);
 *         the namespaces of Google's, Apple's, OPPO's and Xiaomi's cameras as exiftool lists them.
 */
import type { Facts } from "./exif.ts";
import { isSideways, turnedShare } from "./turn.ts";

const NAMESPACE = {
  tiff: "http://ns.adobe.com/tiff/1.0/",
  exif: "http://ns.adobe.com/exif/1.0/",
  xmp: "http://ns.adobe.com/xap/1.0/",
  note: "http://ns.adobe.com/xmp/note/",
  area: "http://ns.adobe.com/xmp/sType/Area#",
  dimensions: "http://ns.adobe.com/xap/1.0/sType/Dimensions#",
  microsoftRegion: "http://ns.microsoft.com/photo/1.2/t/Region#",
  gainMap: "http://ns.adobe.com/hdr-gain-map/1.0/",
} as const;

/** What speaks of pictures, depth maps and films that lay behind this one in the same file. */
const OF_WHAT_IS_GONE: readonly (readonly [namespace: string, names: string])[] = [
  [NAMESPACE.gainMap, "\\w+"],
  ["http://ns.apple.com/HDRGainMap/1.0/", "\\w+"],
  ["http://ns.google.com/photos/1.0/container/", "\\w+"],
  ["http://ns.google.com/photos/1.0/container/item/", "\\w+"],
  ["http://ns.google.com/photos/dd/1.0/device/", "\\w+"],
  ["http://ns.google.com/photos/1.0/camera/", "(?:MicroVideo|MotionPhoto)\\w*"],
  ["http://ns.oplus.com/photos/1.0/camera/", "(?:MotionPhoto|Video|OLivePhoto)\\w*"],
  ["http://ns.xiaomi.com/photos/1.0/camera/", "XMPMeta"],
];

const VALUE = `\\s*=\\s*(?:"[^"]*"|'[^']*')`;

/** `hasExtension`: the segments that continue this packet are written too. */
export function trueXmp(xmp: Buffer, facts: Facts, hasExtension: boolean): Buffer {
  let text = xmp.toString("latin1");
  for (const [namespace, names] of OF_WHAT_IS_GONE) text = without(text, namespace, names);
  text = without(text, NAMESPACE.xmp, "Thumbnails");
  if (!hasExtension) text = without(text, NAMESPACE.note, "HasExtendedXMP");
  text = withSizes(text, facts);
  return Buffer.from(withRegions(text, facts), "latin1");
}

/** Does the packet say that a gain map follows? */
export const announcesGainMap = (xmp: Buffer): boolean =>
  [NAMESPACE.gainMap, "http://ns.apple.com/HDRGainMap/1.0/"].some((namespace) => xmp.includes(namespace));

/** The prefixes that stand for a namespace in this packet: usually one, never to be guessed. */
function prefixesOf(text: string, namespace: string): readonly string[] {
  const found = text.matchAll(/xmlns:([\w.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g);
  return [...new Set([...found].filter(([, , a, b]) => (a ?? b) === namespace).map(([, prefix]) => prefix!))];
}

/** Elements and attributes of these names go, and the prefix with them once nothing uses it. */
function without(text: string, namespace: string, names: string): string {
  let left = text;
  for (const prefix of prefixesOf(text, namespace)) {
    const element = new RegExp(`<(${prefix}:${names})(?=[\\s/>])[^>]*?(?:/>|>[\\s\\S]*?</\\1\\s*>)`, "g");
    const attribute = new RegExp(`\\s${prefix}:${names}${VALUE}`, "g");
    left = left.replace(element, "").replace(attribute, "");
    const isUsed = new RegExp(`[<\\s/]${prefix}:\\w`).test(left);
    if (!isUsed) left = left.replace(new RegExp(`\\sxmlns:${prefix}${VALUE}`, "g"), "");
  }
  return left;
}

/** Each value of a property, as attribute or element, through `change`; `whole` is where the prefixes are declared. */
function changed(
  text: string,
  namespace: string,
  name: string,
  change: (value: string) => string,
  whole = text,
): string {
  return prefixesOf(whole, namespace).reduce((left, prefix) => {
    const value = new RegExp(`([\\s<]${prefix}:${name}(?:\\s*=\\s*["']|>))([^"'<]*)`, "g");
    return left.replace(value, (_whole, head: string, before: string) => head + change(before));
  }, text);
}

/** What XMP repeats of EXIF, and some readers believe first. */
function withSizes(text: string, { width, height, becameSrgb }: Facts): string {
  const sizes: readonly (readonly [string, string, number])[] = [
    [NAMESPACE.tiff, "Orientation", 1],
    [NAMESPACE.tiff, "ImageWidth", width],
    [NAMESPACE.tiff, "ImageLength", height],
    [NAMESPACE.exif, "PixelXDimension", width],
    [NAMESPACE.exif, "PixelYDimension", height],
  ];
  const sized = sizes.reduce(
    (left, [namespace, name, value]) => changed(left, namespace, name, () => String(value)),
    text,
  );
  return becameSrgb ? changed(sized, NAMESPACE.exif, "ColorSpace", () => "1") : sized;
}

/** Faces and other regions are noted in shares of the stored picture; they turn with it. */
function withRegions(text: string, { width, height, turn }: Facts): string {
  const sized = text.replace(elementNamed("AppliedToDimensions"), (part) => {
    const wide = changed(part, NAMESPACE.dimensions, "w", () => String(width), text);
    return changed(wide, NAMESPACE.dimensions, "h", () => String(height), text);
  });
  if (turn.orientation === 1) return sized;
  const turned = sized.replace(elementNamed("Area"), (part) => turnedArea(part, turn, text));
  return changed(turned, NAMESPACE.microsoftRegion, "Rectangle", (value) => turnedRectangle(value, turn.orientation));
}

const elementNamed = (name: string): RegExp =>
  new RegExp(`<([\\w.-]+:${name})(?=[\\s/>])[^>]*?(?:/>|>[\\s\\S]*?</\\1\\s*>)`, "g");

/** MWG's area: its middle and its sides, in shares. */
function turnedArea(part: string, turn: Facts["turn"], whole: string): string {
  const told = new Map<string, string>();
  for (const name of ["x", "y", "w", "h"])
    changed(
      part,
      NAMESPACE.area,
      name,
      (value) => {
        told.set(name, value);
        return value;
      },
      whole,
    );
  const [x, y] = turnedShare(turn.orientation, Number(told.get("x")), Number(told.get("y")));
  if (Number.isNaN(x + y)) return part;
  const sides = isSideways(turn) ? ["h", "w"] : ["w", "h"];
  const now = [rounded(x), rounded(y), ...sides.map((side) => told.get(side))];
  return ["x", "y", "w", "h"].reduce(
    (all, name, index) => changed(all, NAMESPACE.area, name, (before) => now[index] ?? before, whole),
    part,
  );
}

const rounded = (share: number): string => String(Number(share.toFixed(6)));

/** Microsoft's "left, top, width, height" in shares. */
function turnedRectangle(value: string, orientation: number): string {
  const [left, top, width, height] = value.split(",").map(Number);
  if (left === undefined || top === undefined || width === undefined || height === undefined) return value;
  const corners = [turnedShare(orientation, left, top), turnedShare(orientation, left + width, top + height)] as const;
  const [x, y] = [0, 1].map((axis) => Math.min(corners[0][axis]!, corners[1][axis]!)) as [number, number];
  const sides = isSideways({ orientation }) ? [height, width] : [width, height];
  const all = [x, y, ...sides];
  return all.some(Number.isNaN) ? value : all.map(rounded).join(", ");
}

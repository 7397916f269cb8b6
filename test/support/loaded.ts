/** A photo with something of every kind of metadata in it, of each maker. */
import { readFileSync } from "node:fs";
import type { ExifTool } from "exiftool-vendored";
import type { PathText } from "../../src/core/inbox/path-text.ts";
import { exifSegment, type Maker, makerExif, segment, staleThumbnail, withSegments } from "./makers.ts";
import { saved, sceneImage, TAGS, tagged } from "./photos.ts";
import { withPictures } from "./ultra-hdr.ts";

const { Make: _make, Model: _model, Software: _software, ...OTHERS } = TAGS;

/** What editors and agencies write besides what cameras do. */
const WRITTEN = {
  ...OTHERS,
  ImageDescription: "Dawn",
  "ExifIFD:LensModel": "24-105mm",
  "ExifIFD:UserComment": "hand held",
  "GPS:GPSAltitude": 560,
  "GPS:GPSTimeStamp": "05:06:07",
  "IPTC:Keywords": ["dawn", "lake"],
  "IPTC:By-line": "Ana Lee",
  "XMP-dc:Title": "Dawn",
  "XMP-dc:Rights": "(c) Ana Lee",
  "XMP-photoshop:City": "Thun",
  "XMP-crs:AlreadyApplied": true,
  "XMP-lr:HierarchicalSubject": ["places|Thun"],
  "XMP-iptcCore:Location": "the lake",
  "XMP-mwg-rs:RegionInfo": {
    AppliedToDimensions: { W: 120, H: 80, Unit: "pixel" },
    RegionList: [{ Name: "Ana", Type: "Face", Area: { X: 0.25, Y: 0.2, W: 0.1, H: 0.3, Unit: "normalized" } }],
  },
  Comment: "hello",
} as const;

/** 120 × 80 as stored, in Display P3, with maker note, thumbnail, GPS, IPTC, XMP, a comment and a preview behind it. */
export async function loadedJpeg(folder: string, maker: Maker, tool: ExifTool): Promise<PathText> {
  const jpeg = await sceneImage(120, 80).withIccProfile("p3").jpeg().toBuffer();
  const exif = exifSegment(makerExif(maker, 6, await staleThumbnail(40, 27)));
  const tiny = segment(0xe0, "JFXX\0\x10", await staleThumbnail(16, 12));
  const file = await saved(folder, `loaded-${maker.name}.jpg`, withSegments(jpeg, exif));
  await tagged(tool, file, WRITTEN);
  const adobe = segment(0xee, "Adobe\0d\0\0\0\0\x01");
  const jfif = segment(0xe0, "JFIF\0\x01\x01\x01\0\xf0\0\xf0\0\0");
  const written = withPictures(
    readFileSync(file),
    [{ kind: 0x010001, bytes: await staleThumbnail() }],
    jfif,
    tiny,
    adobe,
  );
  return saved(folder, `loaded-${maker.name}.jpg`, written);
}

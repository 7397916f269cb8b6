/**
 * Camera files to test with, written from numbers: no camera made them, and no real ones are in the repository.
 * The DNG is a whole one (uncompressed mosaic, colour matrix, previews), so that the real developer develops it; the others
 * have their makers' containers, with metadata and an embedded JPEG where those lie, around noise instead of sensor data.
 */
import sharp from "sharp";
import { toLinear } from "../../src/core/colour/srgb.ts";
import { drawn, scene } from "./pictures.ts";
import { buildTiff, type Directory, rational } from "./tiffs.ts";

export type RawOptions = {
  readonly orientation?: number;
  /** Pixels of the embedded JPEG; null leaves it out. */
  readonly preview?: readonly [width: number, height: number] | null;
};

/** A JPEG of the test scene without metadata. */
export async function jpegOf(width: number, height: number, quality = 90): Promise<Buffer> {
  const { pixels } = drawn(width, height, scene(1));
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .jpeg({ quality })
    .toBuffer();
}

export const XMP = Buffer.from(
  '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">' +
    '<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4" xmp:Label="Keep"/></rdf:RDF></x:xmpmeta>',
);

/** What a photographer would look for afterwards. */
export const exifDirectory = (): Directory => ({
  entries: [
    [33434, 5, rational(1, 250)],
    [33437, 5, rational(28, 10)],
    [34855, 3, [400]],
    [36864, 7, Buffer.from("0231")],
    [36867, 2, "2026:05:04 03:02:01"],
    [37386, 5, rational(50, 1)],
    [40961, 3, [1]],
    [40962, 4, [64]],
    [40963, 4, [48]],
    [42036, 2, "Testar 50mm F2.8"],
  ],
});

export const gpsDirectory = (): Directory => ({
  entries: [
    [0, 1, Buffer.from([2, 3, 0, 0])],
    [1, 2, "N"],
    [2, 5, Buffer.concat([48, 8, 15].map((value) => rational(value, 1)))],
    [3, 2, "E"],
    [4, 5, Buffer.concat([11, 34, 30].map((value) => rational(value, 1)))],
  ],
});

/** The tags of IFD0 that every camera writes. */
function cameraTags(make: string, model: string, orientation: number): Directory["entries"] {
  return [
    [271, 2, make],
    [272, 2, model],
    [274, 3, [orientation]],
    [305, 2, "Firmware 1.0"],
    [306, 2, "2026:05:04 03:02:01"],
    [34665, 4, { directory: exifDirectory() }],
    [34853, 4, { directory: gpsDirectory() }],
    [700, 1, XMP],
  ];
}

/** A mosaic RGGB of the test scene, 16 bits linear; the camera sees red at half and blue at two thirds of green. */
export function mosaicOf(width: number, height: number): Buffer {
  const { pixels } = drawn(width, height, scene(1));
  const linear = (code: number) => toLinear(code / 255);
  const gains = [0.5, 1, 1, 0.66];
  const mosaic = Buffer.alloc(2 * width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const place = 2 * (y & 1) + (x & 1);
      const channel = place === 0 ? 0 : place === 3 ? 2 : 1;
      const value = linear(pixels[3 * (y * width + x) + channel]!) * gains[place]!;
      mosaic.writeUInt16LE(Math.round(512 + value * 15_000), 2 * (y * width + x));
    }
  return mosaic;
}

/** A DNG of 16 bits uncompressed, RGGB. The numbers of the mosaic are the file's. */
export async function dngOf(width: number, height: number, options: RawOptions = {}): Promise<Buffer> {
  const { orientation = 1, preview = [width >> 1, height >> 1] } = options;
  const mosaic = mosaicOf(width, height);
  // XYZ to linear sRGB, then to the camera's own numbers: what is developed must be the scene again.
  const toSrgb = [3.2406, -1.5372, -0.4986, -0.9689, 1.8758, 0.0415, 0.0557, -0.204, 1.057];
  const matrix = toSrgb.map((value, index) => value * [0.5, 1, 0.66][Math.floor(index / 3)]!);
  const sensor: Directory = {
    entries: [
      [254, 4, [0]],
      [256, 4, [width]],
      [257, 4, [height]],
      [258, 3, [16]],
      [259, 3, [1]],
      [262, 3, [32803]],
      [273, 4, { blob: mosaic }],
      [277, 3, [1]],
      [278, 4, [height]],
      [279, 4, [mosaic.length]],
      [284, 3, [1]],
      [33421, 3, [2, 2]],
      [33422, 1, Buffer.from([0, 1, 1, 2])],
      [50714, 3, [512]],
      [50717, 4, [15_512]],
    ],
  };
  const below = [sensor];
  if (preview) below.push(await jpegDirectory(...preview));
  const thumbnail = await jpegOf(32, 24);
  return buildTiff({
    entries: [
      [254, 4, [1]],
      [256, 4, [32]],
      [257, 4, [24]],
      [258, 3, [8, 8, 8]],
      [259, 3, [7]],
      [262, 3, [6]],
      [273, 4, { blob: thumbnail }],
      [277, 3, [3]],
      [278, 4, [24]],
      [279, 4, [thumbnail.length]],
      ...cameraTags("Testcam", "Testcam Zero", orientation),
      [330, 4, { directories: below }],
      [50706, 1, Buffer.from([1, 4, 0, 0])],
      [50707, 1, Buffer.from([1, 1, 0, 0])],
      [50708, 2, "Testcam Zero"],
      [50721, 10, Buffer.concat(matrix.map((value) => rational(Math.round(value * 10_000), 10_000)))],
      [50728, 5, Buffer.concat([50, 100, 66].map((value) => rational(value, 100)))],
      [50778, 3, [21]],
    ],
  });
}

async function jpegDirectory(width: number, height: number): Promise<Directory> {
  const jpeg = await jpegOf(width, height);
  return {
    entries: [
      [254, 4, [1]],
      [256, 4, [width]],
      [257, 4, [height]],
      [258, 3, [8, 8, 8]],
      [259, 3, [7]],
      [262, 3, [6]],
      [273, 4, { blob: jpeg }],
      [277, 3, [3]],
      [278, 4, [height]],
      [279, 4, [jpeg.length]],
    ],
  };
}

/** Notes in the manner of makers who count from the start of the file; `EDGE` stands at both ends. */
export const MAKER_NOTE = Buffer.from(`EDGE${"notes of the maker ".repeat(20)}EDGE`);

const noise = (length: number): Buffer => Buffer.from(Uint8Array.from({ length }, (_, at) => (at * 7919 + 13) % 256));

function withNotes(directory: Directory): Directory {
  return { entries: [...directory.entries, [37500, 7, MAKER_NOTE]] };
}

const camera = (make: string, orientation: number): Directory["entries"] =>
  cameraTags(make, `${make} Zero`, orientation).map((entry) =>
    entry[0] === 34665 ? [34665, 4, { directory: withNotes(exifDirectory()) }] : entry,
  );

/** Sensor data that nobody can develop, as one strip. */
const strip = (compression: number, photometric: number): Directory["entries"] => [
  [254, 4, [0]],
  [256, 4, [6000]],
  [257, 4, [4000]],
  [258, 3, [14]],
  [259, 3, [compression]],
  [262, 3, [photometric]],
  [273, 4, { blob: noise(4096) }],
  [277, 3, [1]],
  [279, 4, [4096]],
];

type Built = { readonly orientation: number; readonly jpeg: Buffer | null };

const jpegTags = ({ jpeg }: Built): Directory["entries"] =>
  jpeg
    ? [
        [513, 4, { blob: jpeg }],
        [514, 4, [jpeg.length]],
      ]
    : [];

/** Each maker's container. What is documented of it is kept to as far as readers look. */
const CONTAINERS = {
  CR2: (built: Built) =>
    buildTiff(
      {
        entries: [
          [256, 4, [6000]],
          [257, 4, [4000]],
          [259, 3, [6]],
          ...camera("Canon", built.orientation),
          ...jpegStrip(built),
        ],
      },
      { head: Buffer.from("II*\0\0\0\0\0CR\x02\0\0\0\0\0", "latin1") },
    ),
  NEF: (built: Built) =>
    buildTiff({
      entries: [
        ...camera("NIKON CORPORATION", built.orientation),
        [330, 4, { directories: [{ entries: [...jpegTags(built), [254, 4, [1]]] }, { entries: strip(34713, 32803) }] }],
      ],
    }),
  ARW: (built: Built) =>
    buildTiff({
      entries: [
        ...camera("SONY", built.orientation),
        ...jpegTags(built),
        [330, 4, { directories: [{ entries: strip(32767, 32803) }] }],
      ],
    }),
  PEF: (built: Built) =>
    buildTiff({
      entries: [...camera("PENTAX", built.orientation), ...strip(65535, 32803)],
      next: { entries: jpegTags(built) },
    }),
  SRW: (built: Built) =>
    buildTiff({
      entries: [
        ...camera("SAMSUNG", built.orientation),
        [330, 4, { directories: [{ entries: jpegTags(built) }, { entries: strip(32769, 32803) }] }],
      ],
    }),
  ORF: (built: Built) =>
    // Olympus keeps the JPEG inside its notes: here it simply lies behind everything.
    Buffer.concat([
      buildTiff(
        { entries: [...camera("OLYMPUS IMAGING CORP.", built.orientation), ...strip(1, 1)] },
        { head: Buffer.from("IIRO\0\0\0\0", "latin1") },
      ),
      built.jpeg ?? Buffer.alloc(0),
    ]),
  RW2: (built: Built) =>
    buildTiff(
      {
        entries: [
          [1, 7, Buffer.from("0300")],
          [2, 3, [6000]],
          [3, 3, [4000]],
          ...(built.jpeg ? ([[46, 7, built.jpeg]] as const) : []),
          ...camera("Panasonic", built.orientation),
        ],
      },
      { head: Buffer.from("IIU\0\0\0\0\0", "latin1") },
    ),
  RAF: ({ jpeg, orientation }: Built) => {
    const head = Buffer.alloc(160);
    head.write("FUJIFILMCCD-RAW 0201FF129502", "latin1");
    const exif = buildTiff({ entries: camera("FUJIFILM", orientation).filter(([tag]) => tag !== 700) });
    const whole = jpeg ? withSegment(withExif(jpeg, exif), "http://ns.adobe.com/xap/1.0/\0", XMP) : Buffer.alloc(0);
    head.writeUInt32BE(head.length, 84);
    head.writeUInt32BE(whole.length, 88);
    return Buffer.concat([head, whole, noise(4096)]);
  },
  CR3: ({ jpeg, orientation }: Built) => {
    const canon = Buffer.from("85c0b687820f11e08111f4ce462b6a48", "hex");
    const adobe = Buffer.from("be7acfcb97a942e89c71999491e3afac", "hex");
    const tags = cameraTags("Canon", "Canon Zero", orientation).filter(([tag]) => ![34665, 34853, 700].includes(tag));
    const notes: Directory = {
      entries: [
        [6, 2, "Canon Zero of notes"],
        [7, 2, "Firmware of notes"],
      ],
    };
    const moov = box(
      "uuid",
      canon,
      box("CMT1", buildTiff({ entries: tags })),
      box("CMT2", buildTiff(exifDirectory())),
      box("CMT3", buildTiff(notes)),
      box("CMT4", buildTiff(gpsDirectory())),
    );
    return Buffer.concat([
      box("ftyp", Buffer.from("crx \0\0\0\x01crx isom", "latin1")),
      box("moov", moov),
      box("uuid", adobe, XMP),
      box("mdat", jpeg ?? Buffer.alloc(0), noise(4096)),
    ]);
  },
} as const;

export type Container = keyof typeof CONTAINERS;
export const CONTAINER_KINDS = Object.keys(CONTAINERS) as readonly Container[];

const jpegStrip = ({ jpeg }: Built): Directory["entries"] =>
  jpeg
    ? [
        [273, 4, { blob: jpeg }],
        [279, 4, [jpeg.length]],
      ]
    : [];

function box(type: string, ...parts: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(8);
  head.write(type, 4, "latin1");
  const whole = Buffer.concat([head, ...parts]);
  whole.writeUInt32BE(whole.length);
  return whole;
}

/** A JPEG with this EXIF right behind its start. */
export const withExif = (jpeg: Buffer, exif: Buffer): Buffer => withSegment(jpeg, "Exif\0\0", exif);

function withSegment(jpeg: Buffer, name: string, body: Buffer): Buffer {
  const head = Buffer.from(`\xff\xe1\0\0${name}`, "latin1");
  head.writeUInt16BE(head.length - 2 + body.length, 2);
  return Buffer.concat([jpeg.subarray(0, 2), head, body, jpeg.subarray(2)]);
}

/** A camera file of this kind with metadata and a JPEG of 96 × 64. */
export async function containerOf(kind: Container, options: RawOptions = {}): Promise<Buffer> {
  const { orientation = 1, preview = [96, 64] } = options;
  return CONTAINERS[kind]({ orientation, jpeg: preview && (await jpegOf(...preview)) });
}

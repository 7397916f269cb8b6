/**
 * Black and white, toned prints and films. Film names mean "in the manner of": approximations of our own by parameters,
 * with no maker's data in them.
 */
import { at, FOLIAGE, type Group, RED, type Row, SKIN, SKY, split, YELLOW } from "./shape.ts";

const MONOCHROME: readonly Row[] = [
  [
    "black and white",
    "black white/monochrome/monochromatic/mono/bw/b w/greyscale/grayscale",
    { monochrome: 1, contrast: 0.1 },
  ],
  ["noir", "film noir", { monochrome: 1, contrast: 0.62, exposure: -0.3, blacks: 0.05, filter: 0.2 }],
  ["sepia", "sepia tone/sepia toned", { monochrome: 1, contrast: -0.05, lift: 0.025, ...split(27, 0.8, 37, 0.62) }],
  [
    "selenium",
    "selenium tone/selenium toned",
    { monochrome: 1, contrast: 0.14, blacks: 0.015, ...split(310, 0.17, 345, 0.025) },
  ],
  ["cyanotype", "blueprint/cyanotypes", { monochrome: 1, contrast: 0.08, lift: 0.03, ...split(214, 1.25, 212, 0.62) }],
  [
    "platinum",
    "platinum print/palladium/platinotype",
    { monochrome: 1, contrast: -0.2, lift: 0.035, roll: 0.02, ...split(32, 0.12, 40, 0.08) },
  ],
  [
    "tri x",
    "trix/tri x 400/kodak tri x/kodak tri x 400",
    { monochrome: 1, contrast: 0.36, filter: 0.25, blacks: 0.03, highlights: 0.02 },
  ],
  ["hp5", "ilford/ilford hp5/hp5 plus/delta 400", { monochrome: 1, contrast: 0.16, filter: 0.1, lift: 0.02 }],
  ["t max", "tmax/t max 100/acros/neopan", { monochrome: 1, contrast: 0.26, filter: 0.1, exposure: 0.06 }],
];

const FILM: readonly Row[] = [
  [
    "portra",
    "kodak portra/portra 400/portra 160/portra 800/kodak portra 400",
    {
      exposure: 0.14,
      temperature: 0.22,
      contrast: -0.08,
      lift: 0.025,
      saturation: -0.1,
      hues: [at(FOLIAGE, -0.2, 0.17, -11), at(SKIN, 0.1, 0.09)],
      ...split(190, 0.06, 36, 0.06),
    },
  ],
  [
    "velvia",
    "fuji velvia/velvia 50/fujichrome",
    {
      contrast: 0.34,
      saturation: 0.24,
      vibrance: 0.12,
      tint: 0.12,
      blacks: 0.02,
      hues: [at(FOLIAGE, 0.2, -0.17, 6), at(SKY, 0.18, -0.26), at(RED, 0.12)],
    },
  ],
  ["provia", "fuji provia/provia 100f/astia", { contrast: 0.2, vibrance: 0.2, temperature: -0.08, blacks: 0.01 }],
  [
    "kodachrome",
    "kodachrome 64/kodachrome 25",
    {
      contrast: 0.32,
      temperature: 0.2,
      blacks: 0.035,
      saturation: 0.04,
      hues: [at(RED, 0.28, -0.21), at(YELLOW, 0.14), at(SKY, 0.02, -0.43, -10), at(FOLIAGE, -0.16, -0.21)],
    },
  ],
  ["ektachrome", "kodak ektachrome/e100", { contrast: 0.24, temperature: -0.3, vibrance: 0.22, hues: [at(SKY, 0.12)] }],
  [
    "ektar",
    "kodak ektar/ektar 100",
    { contrast: 0.26, saturation: 0.2, temperature: 0.12, hues: [at(RED, 0.2), at(SKY, 0.12, -0.17, -6)] },
  ],
  [
    "kodak gold",
    "gold 200/kodak gold 200/ultramax/colorplus",
    {
      temperature: 0.5,
      contrast: 0.1,
      lift: 0.02,
      hues: [at(YELLOW, 0.2), at(SKY, -0.18, 0, -10)],
      ...split(40, 0.06, 46, 0.12),
    },
  ],
  [
    "superia",
    "fuji superia/fuji c200/fujicolor",
    {
      contrast: 0.14,
      vibrance: 0.1,
      tint: -0.12,
      lift: 0.015,
      hues: [at(FOLIAGE, 0.12, 0, 11)],
      ...split(160, 0.22, 330, 0.03),
    },
  ],
  [
    "pro 400h",
    "fuji 400h/fuji pro 400h/400h",
    {
      exposure: 0.3,
      temperature: -0.1,
      contrast: -0.14,
      lift: 0.03,
      saturation: -0.14,
      hues: [at(FOLIAGE, -0.1, 0.21, 20)],
      ...split(175, 0.14, 20, 0.03),
    },
  ],
  [
    "cinestill",
    "cinestill 800t/800t/tungsten film/cinestill 50d",
    {
      temperature: -0.5,
      lift: 0.025,
      contrast: 0.06,
      vibrance: 0.1,
      hues: [at(RED, 0.15)],
      ...split(190, 0.32, 22, 0.1),
    },
  ],
  [
    "eterna",
    "fuji eterna/vision3/kodak vision3/motion picture film",
    { contrast: -0.16, saturation: -0.28, lift: 0.02, roll: 0.02, ...split(185, 0.1, 45, 0.04) },
  ],
  [
    "classic chrome",
    "fuji classic chrome/classic negative",
    {
      contrast: 0.16,
      saturation: -0.24,
      blacks: 0.015,
      hues: [at(SKY, -0.1, -0.17, -14), at(FOLIAGE, -0.12)],
      ...split(190, 0.06, 40, 0.05),
    },
  ],
  [
    "agfa",
    "agfa vista/agfacolor/agfa ultra",
    { contrast: 0.18, temperature: 0.16, vibrance: 0.18, hues: [at(RED, 0.3, -0.09), at(SKY, 0, 0, -10)] },
  ],
  [
    "polaroid",
    "instax/instant film/instant photo",
    { lift: 0.08, roll: 0.05, contrast: -0.06, saturation: -0.2, ...split(215, 0.2, 52, 0.2) },
  ],
  [
    "technicolor",
    "three strip/technicolour",
    {
      contrast: 0.26,
      saturation: 0.3,
      blacks: 0.02,
      hues: [at(RED, 0.3, -0.13), at(SKY, 0.12, -0.21, -14), at(FOLIAGE, 0.05, -0.09, 14)],
    },
  ],
  [
    "film look",
    "filmic/analog/analogue/analog film/film emulation/film stock/35mm film/35mm",
    { contrast: 0.1, lift: 0.028, roll: 0.018, saturation: -0.08, ...split(195, 0.12, 38, 0.08) },
  ],
];

export const FILMS: readonly Group[] = [
  { name: "Black and white", opposite: false, rows: MONOCHROME },
  { name: "In the manner of a film", opposite: false, rows: FILM },
];

/** Words that name one property: light, contrast, tones, saturation, a colour, the colour of the shadows. */
import { tintOf } from "../parametric.ts";
import { at, type Group, type Row } from "./shape.ts";

const BALANCE: readonly Row[] = [
  ["warm", "warmth/warmed/warming/warm tone/warm toned", { temperature: 0.72 }],
  ["cool", "cooled/cooling/cold/chilly/coldness/cool tone/cool toned/cold tone", { temperature: -0.72 }],
  ["icy", "ice cold/frosty/frozen/arctic", { temperature: -0.95, saturation: -0.18, exposure: 0.1 }],
  ["magenta", "fuchsia", { tint: 1, cast: tintOf(310, 0.08) }],
];

/** Colour words: a light wash of that colour over everything. The hue is that of R, G, B: 0 red, 120 green, 240 blue. */
const WASHES: readonly (readonly [name: string, also: string, hue: number])[] = [
  ["red", "reddish/crimson/scarlet", 0],
  ["orange", "orangey/copper/terracotta", 28],
  ["amber", "honey", 38],
  ["golden", "gold", 45],
  ["yellow", "yellowish/lemon", 56],
  ["green", "greenish/emerald/lime/olive", 115],
  ["teal", "turquoise/aqua/aquamarine", 178],
  ["cyan", "", 188],
  ["blue", "bluish/azure/cobalt/indigo", 222],
  ["purple", "violet/lavender/lilac/plum", 275],
  ["pink", "pinkish/rose/rosy/blush", 335],
];

const LIGHT: readonly Row[] = [
  ["bright", "brightness/brightened/brighten/exposure/luminous/well lit/well exposed", { exposure: 0.45 }],
  ["dark", "darkened/darken/dim/dimmed/dark exposure/low exposure", { exposure: -0.55 }],
  ["overexposed", "over exposed/blown out/overexposure", { exposure: 1, highlights: 0.03 }],
  ["underexposed", "under exposed/underexposure", { exposure: -0.95 }],
  ["high key", "", { exposure: 0.75, contrast: -0.15, shadows: 0.02, saturation: -0.08 }],
  ["low key", "", { exposure: -0.75, contrast: 0.3, blacks: 0.03 }],
  ["airy", "light and airy/bright and airy", { exposure: 0.3, shadows: 0.04, lift: 0.02, saturation: -0.08 }],
  ["glowing", "glow/radiant/luminescent", { exposure: 0.25, highlights: 0.04, temperature: 0.2, lift: 0.01 }],
];

const CONTRAST: readonly Row[] = [
  ["contrast", "contrasty/contrasted/contrasting", { contrast: 0.38 }],
  ["high contrast", "hard contrast/harsh contrast/strong contrast/stark/harsh", { contrast: 0.58 }],
  ["soft contrast", "gentle contrast/mellow contrast/smooth contrast/softened contrast", { contrast: -0.3 }],
  ["low contrast", "reduced contrast/subdued contrast/flat contrast", { contrast: -0.5 }],
  ["flat", "log profile/log look/flattened", { contrast: -0.75, lift: 0.03, saturation: -0.15 }],
  ["punchy", "punch/pop/poppy/snappy", { contrast: 0.34, vibrance: 0.24 }],
  ["crisp", "clear/clarity", { contrast: 0.22, vibrance: 0.06 }],
  ["soft", "softness/softened/mellow", { contrast: -0.24, lift: 0.012, highlights: -0.02 }],
];

const TONES: readonly Row[] = [
  [
    "lifted blacks",
    "raised blacks/milky blacks/faded blacks/lift blacks/lift the blacks/blacks lifted",
    { lift: 0.075 },
  ],
  ["crushed blacks", "crush blacks/crush the blacks/deep blacks/inky blacks/rich blacks/dark blacks", { blacks: 0.11 }],
  ["lifted shadows", "open shadows/bright shadows/raised shadows/lift shadows/lift the shadows", { shadows: 0.09 }],
  ["deep shadows", "dark shadows/dense shadows/heavy shadows/rich shadows", { shadows: -0.05, blacks: 0.02 }],
  ["faded shadows", "milky shadows/hazy shadows", { lift: 0.06, shadows: 0.03, contrast: -0.05 }],
  ["airy highlights", "bright highlights/lifted highlights/brilliant highlights", { highlights: 0.06, exposure: 0.08 }],
  [
    "soft highlights",
    "rolled off highlights/creamy highlights/gentle highlights/muted highlights/highlight rolloff",
    { highlights: -0.05, roll: 0.04 },
  ],
  [
    "recovered highlights",
    "dark highlights/protected highlights/lowered highlights/lower highlights/lower the highlights/reduced highlights",
    { highlights: -0.1, roll: 0.015 },
  ],
  ["faded", "fade/fading", { lift: 0.09, roll: 0.035, saturation: -0.2, contrast: -0.1 }],
  ["matte", "matt/matte finish", { lift: 0.075, roll: 0.02, contrast: -0.1, saturation: -0.08 }],
  ["washed out", "bleached out/washed", { exposure: 0.25, contrast: -0.3, lift: 0.08, saturation: -0.4 }],
];

const SATURATION: readonly Row[] = [
  ["saturated", "saturation/saturate/oversaturated/hypersaturated/high saturation", { saturation: 0.32 }],
  [
    "vivid",
    "vividness/lively/brilliant colors/brilliant colours/intense colors/intense colours",
    { saturation: 0.2, vibrance: 0.2 },
  ],
  ["vibrant", "vibrance/vibrancy/colorful/colourful", { saturation: 0.08, vibrance: 0.45 }],
  [
    "rich",
    "rich colors/rich colours/deep colors/deep colours/rich tones/richness",
    { saturation: 0.24, contrast: 0.12, exposure: -0.08 },
  ],
  [
    "muted",
    "mute/subdued/toned down/low saturation/muted saturation/subdued saturation/dull/drab/dusty/earthy",
    { saturation: -0.36, contrast: -0.06 },
  ],
  ["desaturated", "desaturation/unsaturated/undersaturated/reduced saturation/drained", { saturation: -0.65 }],
  ["pastel", "pastels/powdery/candy", { exposure: 0.35, saturation: -0.28, contrast: -0.28, lift: 0.045 }],
  ["pale", "pallid/ashen", { exposure: 0.3, saturation: -0.45, contrast: -0.15 }],
];

/** For "vivid greens", "muted blues": the Oklab hue and how wide a range it names. */
const FAMILIES: readonly (readonly [plural: string, hue: number, width: number])[] = [
  ["reds", 27, 22],
  ["oranges", 58, 22],
  ["yellows", 100, 20],
  ["greens", 135, 28],
  ["blues", 255, 32],
];

const RANGES = { shadows: "shadowTint", highlights: "highlightTint" } as const;

const washes: readonly Row[] = WASHES.map(([name, also, hue]) => [name, also, { cast: tintOf(hue, 0.27) }]);

const splits: readonly Row[] = [
  ...WASHES,
  ["magenta", "", 305] as const,
  ["warm", "", 32] as const,
  ["cool", "cold", 210] as const,
].flatMap(([name, also, hue]) =>
  Object.entries(RANGES).map(([range, key]): Row => {
    const singular = range.slice(0, -1);
    const spellings = [name, ...listOf(also)].flatMap((word) => [
      `${word} ${range}`,
      `${word} ${singular}`,
      `${range} ${word}`,
    ]);
    return [spellings[0]!, spellings.slice(1).join("/"), { [key]: tintOf(hue, key === "shadowTint" ? 0.5 : 0.34) }];
  }),
);

const families: readonly Row[] = FAMILIES.flatMap(([plural, hue, width]): Row[] => {
  const spelt = (words: string): string =>
    words
      .split(" ")
      .map((word) => `${word} ${plural}`)
      .join("/");
  return [
    [
      `vivid ${plural}`,
      spelt("rich saturated vibrant deep boosted intense lush punchy"),
      { hues: [at(hue, 0.42, 0, 0, width)] },
    ],
    [`muted ${plural}`, spelt("desaturated faded subdued soft dull pale"), { hues: [at(hue, -0.75, 0, 0, width)] }],
  ];
});

export const PROPERTIES: readonly Group[] = [
  { name: "Temperature and tint", opposite: true, rows: BALANCE },
  { name: "Colour washes", opposite: false, rows: washes },
  { name: "Exposure", opposite: true, rows: LIGHT },
  { name: "Contrast", opposite: true, rows: CONTRAST },
  { name: "Shadows and highlights", opposite: true, rows: TONES },
  { name: "Saturation", opposite: true, rows: SATURATION },
  { name: "Split toning", opposite: false, rows: splits },
  { name: "Single colours", opposite: true, rows: families },
];

function listOf(also: string): string[] {
  return also === "" ? [] : also.split("/");
}

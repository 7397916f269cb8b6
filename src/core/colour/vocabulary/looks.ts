/** Words that name a whole look: times of day, weather, moods, genres, processes, eras. */
import { tintOf } from "../parametric.ts";
import { at, FOLIAGE, type Group, type Row, SKIN, SKY, split } from "./shape.ts";

const TIMES: readonly Row[] = [
  [
    "golden hour",
    "magic hour/golden light/late afternoon",
    { temperature: 0.62, exposure: 0.06, contrast: -0.04, saturation: 0.06, ...split(18, 0.12, 38, 0.24) },
  ],
  [
    "sunset",
    "sundown/sunset light",
    { temperature: 0.5, tint: 0.16, exposure: -0.12, saturation: 0.1, ...split(290, 0.2, 26, 0.32) },
  ],
  [
    "dawn",
    "sunrise/daybreak/early morning/morning",
    { exposure: 0.08, contrast: -0.16, lift: 0.025, saturation: -0.06, ...split(232, 0.22, 14, 0.18) },
  ],
  [
    "blue hour",
    "blue hour light",
    { temperature: -0.62, exposure: -0.28, saturation: 0.02, ...split(226, 0.32, 212, 0.1) },
  ],
  [
    "dusk",
    "twilight/gloaming/evening",
    { exposure: -0.4, tint: 0.2, saturation: -0.06, ...split(258, 0.38, 330, 0.14) },
  ],
  [
    "night",
    "nighttime/nocturnal/midnight",
    {
      exposure: -1.45,
      temperature: -0.75,
      saturation: -0.35,
      contrast: 0.12,
      roll: 0.16,
      ...split(222, 0.24, 215, 0.08),
    },
  ],
  [
    "moonlight",
    "moonlit/moon light",
    { exposure: -1.1, temperature: -0.85, saturation: -0.55, lift: 0.01, roll: 0.1, ...split(220, 0.2, 205, 0.08) },
  ],
  ["noon", "midday/harsh sun/high noon", { exposure: 0.15, contrast: 0.32, temperature: 0.08 }],
  [
    "sunny",
    "sunlit/sunshine/sun drenched/sun kissed/daylight",
    { exposure: 0.22, temperature: 0.36, contrast: 0.08, vibrance: 0.1 },
  ],
  ["overcast", "cloudy/grey day/gray day", { temperature: -0.26, contrast: -0.26, saturation: -0.24 }],
  [
    "foggy",
    "fog/misty/mist/hazy/haze",
    { contrast: -0.45, lift: 0.1, saturation: -0.28, temperature: -0.1, exposure: 0.08 },
  ],
  [
    "stormy",
    "storm/thunderstorm",
    { exposure: -0.4, contrast: 0.38, temperature: -0.32, saturation: -0.3, ...split(205, 0.12, 205, 0.02) },
  ],
  [
    "rainy",
    "rain",
    { exposure: -0.18, temperature: -0.4, contrast: -0.08, saturation: -0.24, ...split(195, 0.1, 200, 0.02) },
  ],
  [
    "candlelight",
    "candlelit/firelight/lamplight/tungsten",
    { temperature: 1, exposure: -0.28, contrast: 0.08, ...split(20, 0.14, 36, 0.2) },
  ],
  ["summer", "summery", { temperature: 0.4, exposure: 0.12, vibrance: 0.2, contrast: 0.05 }],
  [
    "autumn",
    "autumnal/fall colors/fall colours",
    { temperature: 0.42, saturation: 0.06, hues: [at(FOLIAGE, 0.02, -0.09, -32), at(SKIN, 0.14)] },
  ],
  ["winter", "wintry", { temperature: -0.5, exposure: 0.14, saturation: -0.28 }],
  ["spring", "springtime", { exposure: 0.22, contrast: -0.08, vibrance: 0.14, hues: [at(FOLIAGE, 0.14, 0.26, 11)] }],
];

const MOODS: readonly Row[] = [
  [
    "cinematic",
    "cinema/movie/movie like/blockbuster/hollywood",
    {
      contrast: 0.16,
      lift: 0.014,
      roll: 0.012,
      saturation: -0.06,
      hues: [at(SKY, 0, 0, -14), at(FOLIAGE, -0.12)],
      ...split(196, 0.22, 34, 0.17),
    },
  ],
  [
    "moody",
    "brooding",
    {
      exposure: -0.36,
      contrast: 0.12,
      lift: 0.02,
      saturation: -0.24,
      hues: [at(FOLIAGE, -0.25, -0.17)],
      ...split(205, 0.14, 35, 0.04),
    },
  ],
  [
    "dramatic",
    "drama/intense mood/powerful/epic",
    { contrast: 0.52, exposure: -0.16, blacks: 0.03, highlights: 0.015 },
  ],
  [
    "dreamy",
    "dream/dreamlike/ethereal/whimsical/fairytale",
    { exposure: 0.24, contrast: -0.32, lift: 0.05, saturation: -0.1, ...split(270, 0.1, 345, 0.1) },
  ],
  [
    "romantic",
    "romance/tender",
    { temperature: 0.26, exposure: 0.14, contrast: -0.18, lift: 0.03, ...split(340, 0.12, 12, 0.12) },
  ],
  [
    "nostalgic",
    "nostalgia/wistful/sentimental",
    { temperature: 0.34, lift: 0.065, roll: 0.03, saturation: -0.2, contrast: -0.06, ...split(10, 0.08, 44, 0.12) },
  ],
  [
    "gloomy",
    "gloom/bleak/dreary/somber/sombre",
    { exposure: -0.45, saturation: -0.42, temperature: -0.28, contrast: -0.08 },
  ],
  [
    "melancholic",
    "melancholy/sad/lonely",
    { exposure: -0.16, temperature: -0.34, saturation: -0.34, lift: 0.035, ...split(215, 0.14, 205, 0.02) },
  ],
  [
    "cheerful",
    "happy/joyful/upbeat/playful/fun",
    { exposure: 0.26, temperature: 0.2, vibrance: 0.3, saturation: 0.06 },
  ],
  ["serene", "calm/peaceful/tranquil", { exposure: 0.14, contrast: -0.2, temperature: -0.16, saturation: -0.12 }],
  [
    "cozy",
    "cosy/homely/inviting/intimate",
    { temperature: 0.58, contrast: -0.1, lift: 0.025, exposure: 0.04, ...split(22, 0.12, 38, 0.06) },
  ],
  [
    "mysterious",
    "mystery/enigmatic",
    { exposure: -0.5, contrast: 0.14, saturation: -0.15, ...split(240, 0.34, 200, 0.05) },
  ],
  [
    "eerie",
    "creepy/horror/spooky/haunting",
    { exposure: -0.36, saturation: -0.42, contrast: 0.14, tint: -0.5, ...split(165, 0.18, 120, 0.06) },
  ],
  ["gritty", "grunge/grungy/rough/raw look", { contrast: 0.46, saturation: -0.42, blacks: 0.02 }],
  [
    "dystopian",
    "post apocalyptic/apocalyptic",
    { contrast: 0.24, saturation: -0.4, exposure: -0.14, ...split(170, 0.14, 48, 0.26) },
  ],
  [
    "cyberpunk",
    "neon/synthwave/vaporwave/blade runner",
    { exposure: -0.3, contrast: 0.24, vibrance: 0.25, tint: 0.5, ...split(232, 0.6, 312, 0.28) },
  ],
  [
    "sci fi",
    "science fiction/futuristic",
    { contrast: 0.2, temperature: -0.32, saturation: -0.2, ...split(196, 0.34, 190, 0.1) },
  ],
  [
    "western",
    "wild west/spaghetti western",
    {
      temperature: 0.66,
      contrast: 0.22,
      saturation: -0.1,
      hues: [at(SKY, -0.2, 0, -14)],
      ...split(22, 0.16, 42, 0.14),
    },
  ],
  [
    "editorial",
    "fashion/magazine",
    { contrast: 0.24, saturation: -0.16, exposure: 0.06, ...split(215, 0.1, 30, 0.02) },
  ],
  ["documentary", "reportage/photojournalism", { contrast: 0.2, saturation: -0.2 }],
];

const PROCESSES: readonly Row[] = [
  [
    "teal and orange",
    "teal orange/orange and teal/orange teal",
    {
      contrast: 0.12,
      hues: [at(SKY, -0.04, 0, -26, 34), at(FOLIAGE, -0.3), at(SKIN, 0.16)],
      ...split(193, 0.46, 31, 0.36),
    },
  ],
  [
    "bleach bypass",
    "silver retention/skip bleach",
    { saturation: -1, contrast: 0.56, blacks: 0.03, temperature: -0.12 },
  ],
  [
    "cross process",
    "cross processed/cross processing/xpro/x pro",
    { contrast: 0.4, saturation: 0.1, ...split(222, 0.5, 68, 0.34) },
  ],
  [
    "day for night",
    "american night",
    { exposure: -1.5, temperature: -0.95, saturation: -0.5, contrast: 0.1, roll: 0.14, ...split(220, 0.24, 215, 0.08) },
  ],
  [
    "vintage",
    "old photo/antique/aged/old fashioned",
    { temperature: 0.42, lift: 0.07, roll: 0.035, saturation: -0.26, contrast: -0.04, ...split(200, 0.04, 44, 0.14) },
  ],
  [
    "retro",
    "seventies/1970s/70s/sixties/1960s/60s",
    {
      temperature: 0.34,
      tint: 0.22,
      lift: 0.05,
      contrast: 0.04,
      saturation: -0.08,
      hues: [at(SKY, -0.2, 0, -18)],
      ...split(330, 0.16, 42, 0.16),
    },
  ],
  [
    "eighties",
    "1980s/80s/nineties/1990s/90s",
    { contrast: 0.14, lift: 0.03, tint: 0.32, saturation: 0.06, ...split(250, 0.22, 345, 0.08) },
  ],
  [
    "faded film",
    "expired film/faded print/faded photo",
    { lift: 0.1, roll: 0.05, saturation: -0.3, contrast: -0.12, ...split(280, 0.12, 48, 0.16) },
  ],
  [
    "lomo",
    "lomography/lomographic/holga/toy camera",
    { contrast: 0.42, saturation: 0.26, blacks: 0.03, ...split(212, 0.5, 56, 0.24) },
  ],
  ["redscale", "red scale", { cast: tintOf(20, 1.05), contrast: 0.1, exposure: -0.1 }],
  ["hdr", "hdr look", { shadows: 0.06, highlights: -0.035, vibrance: 0.36, saturation: 0.22 }],
];

export const LOOKS: readonly Group[] = [
  { name: "Times of day, weather, seasons", opposite: false, rows: TIMES },
  { name: "Moods and genres", opposite: false, rows: MOODS },
  { name: "Processes and eras", opposite: false, rows: PROCESSES },
];

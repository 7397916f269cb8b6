/** What happens in a soak, and when: drawn from a seed, so that a plan can be played again. */
import { chance } from "../pictures.ts";

/**
 *   photo, png, tiff, webp   a picture of its own
 *   raw                      a RAW alone
 *   pair                     a RAW and a JPEG of one stem, one after the other
 *   copy                     the bytes of an earlier photo of this inbox under another name
 *   own                      one of our own outputs, copied in
 *   cut                      a JPEG without its end, for good
 *   completed                the same, completed much later
 *   reserved                 its whole length reserved with zeros, filled later
 *   empty                    no byte, for good
 *   text, gif                no photo at all; a picture that is not graded
 *   temp, notes              a name that is never looked at: IMG.jpg.part, IMG.txt
 *   outside                  a link to a photo outside the inbox
 */
export const KINDS = {
  photo: 60,
  png: 4,
  tiff: 3,
  webp: 3,
  raw: 2,
  pair: 6,
  copy: 7,
  own: 2,
  cut: 2,
  completed: 2,
  reserved: 2,
  empty: 1,
  text: 2,
  gif: 2,
  temp: 1,
  notes: 1,
  outside: 1,
} as const;
export type Kind = keyof typeof KINDS;

const WAYS = { whole: 8, slowly: 4, renamed: 3, linked: 1, moved: 2 } as const;
/** `moved` comes in a folder of its own that is moved into the inbox. */
export type Way = keyof typeof WAYS;

const FATES = { stays: 84, deleted: 5, renamed: 6, replaced: 5 } as const;
/** What becomes of a file a while after it came: `deleted` may be before it has settled. */
export type Fate = keyof typeof FATES;

export const INBOXES = { studio: 5, card: 2, desk: 3 } as const;
export type InboxName = keyof typeof INBOXES;

export type Drop = {
  readonly nth: number;
  readonly inbox: InboxName;
  /** Below the inbox, "" for itself. */
  readonly folder: string;
  readonly kind: Kind;
  readonly way: Way;
  readonly fate: Fate;
  readonly atMs: number;
  /** From its first byte to its last. */
  readonly spanMs: number;
  /** From its last byte to its fate. */
  readonly fateMs: number;
};

const STRIKES = { "kill-daemon": 6, "stop-daemon": 3, "lose-mount": 3, "restart-server": 1 } as const;
export type StrikeKind = keyof typeof STRIKES;
export type Strike = { readonly strike: StrikeKind; readonly atMs: number; readonly ms: number };

export type SoakPlan = { readonly drops: readonly Drop[]; readonly strikes: readonly Strike[] };

/** The time between two strikes, on the average. */
const STRIKE_MS = 35_000;
/** Files come in crowds as well as one by one. */
const CROWD_MAX = 60;
/** After this part of the time nothing new comes. */
const LAST = 0.94;
const FATED: readonly Kind[] = ["photo", "png", "tiff", "webp"];

export function planSoak(seed: number, files: number, minutes: number): SoakPlan {
  const random = chance(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const drawn = <Name extends string>(weights: Readonly<Record<Name, number>>): Name => {
    const names = Object.keys(weights) as Name[];
    let left = random() * names.reduce((sum, name) => sum + weights[name], 0);
    for (const name of names) {
      left -= weights[name];
      if (left < 0) return name;
    }
    return names[0]!;
  };
  const length = minutes * 60_000;
  const drops: Drop[] = [];
  let crowd = { left: 0, atMs: 0, folder: "", inbox: "studio" as InboxName };
  let count = 0;
  while (count < files) {
    if (crowd.left === 0) {
      const isCrowd = random() < 0.05;
      const [left, atMs] = [isCrowd ? 1 + below(CROWD_MAX) : 1, random() * length * LAST];
      crowd = { left, atMs, folder: FOLDERS[below(FOLDERS.length)]!, inbox: drawn(INBOXES) };
    }
    crowd.left--;
    const { atMs, folder, inbox } = crowd;
    const kind = drawn(KINDS);
    const isFated = FATED.includes(kind) && inbox !== "desk";
    const way = kind === "pair" || !(isFated || kind === "copy") ? "whole" : drawn(WAYS);
    const spanMs =
      way === "slowly" || kind === "pair" || kind === "reserved"
        ? 200 + random() * 6_000
        : kind === "completed"
          ? 4_000 + random() * 20_000
          : 0;
    const fate = isFated ? drawn(FATES) : "stays";
    const fateMs = fate === "deleted" ? random() * 3_000 : 1_000 + random() * 60_000;
    drops.push({ nth: drops.length, inbox, folder, kind, way, fate, atMs, spanMs, fateMs });
    count += kind === "pair" ? 2 : 1;
  }
  const strikes = Array.from(
    { length: Math.max(4, Math.round(length / STRIKE_MS)) },
    (_, nth, all = Object.keys(STRIKES)) => ({
      strike: nth < all.length ? (all[nth] as StrikeKind) : drawn(STRIKES),
      atMs: random() * length * LAST,
      ms: 1_000 + random() * 9_000,
    }),
  );
  const inTime = (one: { atMs: number }, other: { atMs: number }) => one.atMs - other.atMs;
  return { drops: drops.sort(inTime), strikes: strikes.sort(inTime) };
}

const FOLDERS = ["", "", "", "monday", "monday/second shooter", "Mädchen & Söhne", "100CANON"] as const;

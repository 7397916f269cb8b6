/** Keys and values that the design names and that are not built yet: refused with a sentence rather than a puzzle. */

/** Parent key ("" for the top level) → keys to come. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  "": ["web"],
};

/** Key → values to come. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  driver: ["postgres", "postgresql"],
  finish: ["tiles", "cutout"],
};

export function isPlannedKey(parent: string, key: string): boolean {
  return KEYS[parent]?.includes(key) ?? false;
}

export function isPlannedValue(key: string, value: unknown): boolean {
  return typeof value === "string" && (VALUES[key]?.includes(value) ?? false);
}

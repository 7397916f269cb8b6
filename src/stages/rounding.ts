/** How a backend turns floats into bytes: found out once, then kept in the ledger. */
import type { Ports } from "../ports.ts";

export async function roundingOf(
  name: string,
  { backends, clock, ledger }: Ports,
  signal: AbortSignal,
): Promise<"rounded" | "truncated"> {
  const known = await ledger.switches.get(`rounding:${name}`);
  if (known === "rounded" || known === "truncated") return known;
  const rounding = await backends.get(name).rounding(signal);
  await ledger.switches.set(`rounding:${name}`, rounding, clock.now());
  return rounding;
}

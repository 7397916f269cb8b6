/**
 * Baseline: take the autoencoder's own colour error out of the edit.
 *
 * The baseline is what the model's autoencoder alone makes of the plate, so that plate and baseline show its error for each
 * place and, through them, for each colour of the plate. The edit went through the same autoencoder. Two guesses at the error it
 * suffered there: as that place did, carried through the look; or as that colour did, wherever in the plate it is seen.
 * Neither is right for every model, and some of each is better than both. Colours the plate does not show take the first alone,
 * since an error carried on beyond what was seen does more harm than good.
 */

import type { Blocks } from "./blocks.ts";
import { gatherAtNodes } from "./equations.ts";
import { cornersOf, type Places, placesOf } from "./grid.ts";
import { lookAt } from "./mixing.ts";
import { type Fit, ROUGH_PLAN, solve } from "./solve.ts";

/** How much of the second guess is believed where the plate shows a colour plentifully. */
const BY_COLOUR = 0.4;
/** Support of a colour, in blocks of the plate nearby, at which half of that is believed. */
const SUPPORT_HALF = 0.1;

/** Plate and edit as blocks, the edit without the autoencoder's error. `edit` pairs the baseline with it, `plate` the plate. */
export function withoutOwnError(plate: Blocks, edit: Blocks): Blocks {
  const own = solve({ ...plate, after: edit.before }, ROUGH_PLAN);
  const look = solve(edit, ROUGH_PLAN);
  const [lookedPlate, lookedBaseline] = [plate.before, edit.before].map((colours) => valuesOf(look, colours));
  const again = valuesOf(own, edit.after);
  const support = supportAt(placesOf(edit.after, own.n), gatherAtNodes(own.places, own.density));
  const after = Float32Array.from(edit.after, (value, q) => {
    const seen = support[Math.floor(q / 3)]!;
    const byColour = (BY_COLOUR * seen) / (seen + SUPPORT_HALF);
    const atPlace = lookedBaseline![q]! - lookedPlate![q]!;
    return value - (1 - byColour) * atPlace - byColour * (again[q]! - value);
  });
  return { ...plate, after };
}

const valuesOf = ({ prior, field, n }: Fit, colours: Float32Array) => lookAt(colours, prior, field, n);

function supportAt({ n, count, base, weights }: Places, support: Float64Array): Float32Array {
  const corners = cornersOf(n);
  const out = new Float32Array(count);
  for (let i = 0; i < count; i++)
    for (let corner = 0; corner < 8; corner++)
      out[i]! += weights[8 * i + corner]! * support[base[i]! + corners[corner]!]!;
  return out;
}

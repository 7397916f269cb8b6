/** The fit's inner loops; loops.ts says why they are compiled ahead. */
export { compare, motion, points } from "./align.as";
export { conjugateGradients } from "./conjugate.as";
export { gatherCells, spreadCells } from "./drift.as";
export { complete, fieldAt, gather, look, multiply, places, readField, sumAtNodes } from "./lattice.as";
export { halve, luma, shrink, sumAfter, sumBefore, sumWarped } from "./pictures.as";
export { affine, affineResiduals, biweight, density, leave, lengths, meanSquare, median, moments, shares } from "./robust.as";
export { blurLine, cellMeans } from "./score.as";

/** The keys of an inbox that concern network shares. */
import { duration } from "./measured.ts";

export const shareFields = {
  shareRescan: duration("1s", "1d")
    .default("15s")
    .describe("How often the folder is looked through when it lies on a network share, where nothing is watched."),
};

/** How a share that does not answer is told from a folder that cannot be read. */
import { AppError } from "../core/errors.ts";
import { errnoOf } from "./files.ts";

/** A share that is away takes the whole inbox with it. */
export const isAway = (thrown: unknown): thrown is AppError =>
  thrown instanceof AppError && thrown.code === "share-away";

export const whyUnread = (thrown: unknown): string =>
  isAway(thrown) ? thrown.message : `The folder cannot be read: ${errnoOf(thrown) || String(thrown)}.`;

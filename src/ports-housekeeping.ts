/** What the ledger forgets in time. Types only. */

export type Housekeeping = {
  /**
   * Of jobs that are done or superseded since before this time: their attempts, placements and the names of pictures that came
   * back, whose files are long gone. Who they are, their tickets and their outputs stay, so that nothing is graded again. At most
   * `limit` jobs at once; gives how many.
   */
  thin(before: number, limit: number): Promise<number>;
  /** Gives space back to the disk, and lets the database look at its own plans. */
  compact(): Promise<void>;
};

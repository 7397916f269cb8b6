/** The ledger over one SQLite file. SQL lives in this folder and nowhere else. */
import type { Ledger } from "../../ports.ts";
import { batchesOver } from "./batches.ts";
import { copiesOver } from "./copies.ts";
import { deliveriesOver } from "./deliveries.ts";
import { housekeepingOver } from "./housekeeping.ts";
import { decidedJobsOver } from "./job-decisions.ts";
import { steeredJobsOver } from "./job-list.ts";
import { workingJobsOver } from "./jobs.ts";
import { attemptLogOver, daemonOver, eventsOver, sightingsOver, switchesOver } from "./journal.ts";
import { looksOver } from "./looks.ts";
import { changesOf, type Db, openDatabase } from "./open.ts";
import { outputsOver } from "./outputs.ts";
import { pairsOver } from "./pairs.ts";
import { progressOver } from "./progress.ts";
import { runsOver } from "./runs.ts";
import { shootsOver } from "./shoots.ts";
import { platesOver, ticketsOver } from "./tickets.ts";

/** Opens (and makes, and migrates) the ledger in `file`. Errors: `ledger-newer`, `ledger-damaged`, `file-failed`. */
export function openLedger(file: string, now: number): Ledger {
  return ledgerOver(openDatabase(file, now));
}

/** The ledger over an open file. */
export function ledgerOver(db: Db): Ledger {
  return {
    jobs: { ...workingJobsOver(db), ...decidedJobsOver(db), ...steeredJobsOver(db) },
    plates: platesOver(db),
    tickets: ticketsOver(db),
    runs: runsOver(db),
    outputs: outputsOver(db),
    copies: copiesOver(db),
    batches: batchesOver(db),
    deliveries: deliveriesOver(db),
    looks: looksOver(db),
    shoots: shootsOver(db),
    attempts: attemptLogOver(db),
    events: eventsOver(db),
    sightings: sightingsOver(db),
    pairs: pairsOver(db),
    switches: switchesOver(db),
    daemon: daemonOver(db),
    progress: progressOver(db),
    housekeeping: housekeepingOver(db),
    changed: changesOf(db),
    close: async () => void db.close(),
  };
}

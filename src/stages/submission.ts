/** A ticket as its backend knows it: rebuilt from the ledger, the same before and after a restart. */
import { promptText } from "../core/config/recipe.ts";
import { AppError } from "../core/errors.ts";
import type { Job } from "../core/job/job.ts";
import { photoWords } from "../core/job/output-names.ts";
import type { Ports, Submission } from "../ports.ts";
import type { Ticket } from "../ports-ledger.ts";

export async function submissionOf(job: Job, ticket: Ticket, { ledger }: Ports): Promise<Submission> {
  const plate = await ledger.plates.get(ticket.plate);
  const placement = await ledger.plates.placement(ticket.plate, ticket.backend);
  if (!plate || placement === undefined)
    throw new AppError("internal", `Ticket ${ticket.id} has no plate on ${ticket.backend}.`);
  const { workflow, slots, params } = job.recipe;
  return {
    ticket: ticket.id,
    prefix: ticket.prefix,
    prompt: promptText(job.recipe, photoWords(job)),
    seed: ticket.seed,
    workflow,
    slots,
    params,
    plate: { file: plate.file, width: plate.width, height: plate.height },
    placement,
    usual: await ledger.runs.usual(ticket.backend, workflow),
  };
}

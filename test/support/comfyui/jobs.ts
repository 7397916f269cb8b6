/** `/api/jobs` of later versions: the queue and the history as one list, and cancelling that cannot hit another job. */
import type { Asked, Reply, Route, Site } from "./routes.ts";
import type { Worker } from "./worker.ts";

const CANONICAL = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const READ: Readonly<Record<string, Readonly<Record<string, Route>>>> = {
  "/jobs": { GET: (_, { worker }) => ({ status: 200, json: { jobs: listed(worker) } }) },
  "/jobs/": { GET: getJob },
};

export const JOB_ROUTES = {
  read: READ,
  cancel: { ...READ, "/jobs/cancel": { POST: postCancelMany }, "/jobs/": { GET: getJob, POST: postCancel } },
} as const;

type Job = { readonly id: string; readonly status: string };

function listed({ pending, running, history }: Worker): readonly Job[] {
  return [
    ...running().map(({ promptId: id }) => ({ id, status: "in_progress" })),
    ...pending().map(({ promptId: id }) => ({ id, status: "pending" })),
    ...[...history].map(([id, { status }]) => {
      const interrupted = status.messages.some(([event]) => event === "execution_interrupted");
      return { id, status: status.completed ? "completed" : interrupted ? "cancelled" : "failed" };
    }),
  ];
}

function getJob(_: Asked, { worker }: Site, id: string): Reply {
  const job = listed(worker).find((each) => each.id === id);
  return job ? { status: 200, json: job } : { status: 404, json: { error: "Job not found" } };
}

function postCancel(_: Asked, { worker }: Site, rest: string): Reply {
  const id = /^(.+)\/cancel$/.exec(rest)?.[1];
  if (id === undefined) return { status: 404 };
  if (!CANONICAL.test(id)) return { status: 400, json: { error: "job_id must be a canonical UUID" } };
  return { status: 200, json: { cancelled: cancel(worker, id) } };
}

function postCancelMany({ body }: Asked, { worker }: Site): Reply {
  const { job_ids } = JSON.parse(body.toString("utf8")) as { job_ids: readonly string[] };
  return { status: 200, json: { cancelled: job_ids.map((id) => cancel(worker, id)).includes(true) } };
}

/** Whatever it does, it does to that job alone; false where there is nothing left to cancel. */
function cancel(worker: Worker, id: string): boolean {
  if (worker.remove(id)) return true;
  if (!worker.running().some(({ promptId }) => promptId === id)) return false;
  worker.interrupt(id);
  return true;
}

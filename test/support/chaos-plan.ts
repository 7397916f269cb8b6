/** What goes wrong in a fault campaign, and when: drawn from a seed, so that a plan can be played again. */
import { PROXY_FAULTS, type ProxyFault } from "./faulty-proxy.ts";
import { chance } from "./pictures.ts";

/**
 * Besides what the proxy does to what passes it:
 *
 *   kill-daemon      kill -9, and a new start
 *   restart-server   queue and history are gone, files stay
 *   stop-server      SIGSTOP for a while
 *   deaf-sockets     sockets stay open and hear nothing for a while
 *   cut-sockets      sockets break, HTTP goes on
 *   cut-all          every connection breaks
 *   keep-half        the server keeps half of an upload and says all is well
 *   truncated-view   the server sends half a picture as if it were whole
 *   delete-prompt    somebody else deletes a prompt that waits there
 *   interrupt        somebody else interrupts whatever runs
 */
export const CHAOS_FAULTS = [
  "kill-daemon",
  "restart-server",
  "stop-server",
  "deaf-sockets",
  "cut-sockets",
  "cut-all",
  "keep-half",
  "truncated-view",
  "delete-prompt",
  "interrupt",
  ...PROXY_FAULTS,
] as const;
export type ChaosFault = (typeof CHAOS_FAULTS)[number];

export type PlannedFault = {
  readonly fault: ChaosFault;
  readonly server: number;
  /** Requests that pass the proxies after the fault before, or lines of the daemon's log where the daemon is killed. */
  readonly after: number;
};

const WEIGHTS: Partial<Record<ChaosFault, number>> = {
  "kill-daemon": 4,
  "lose-post": 2,
  "lose-reply": 3,
  "late-post": 3,
  "slow-reply": 2,
  "cut-upload": 2,
};
/** Faults for each photo. */
const DENSITY = 0.4;
/** At most so many, over all servers. */
const REQUESTS_BETWEEN = 50;
const LINES_BETWEEN = 50;
/** A job that is lost again and again fails by design: restarts lie far apart. */
const PHOTOS_PER_RESTART = 40;

/** Every fault comes at least once in a long plan, restarts evenly among them. */
export function planFaults(seed: number, photos: number, servers: number): readonly PlannedFault[] {
  const random = chance(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const bag = CHAOS_FAULTS.filter((fault) => fault !== "restart-server").flatMap((fault) =>
    Array.from({ length: WEIGHTS[fault] ?? 1 }, () => fault),
  );
  const faults: ChaosFault[] = [];
  while (faults.length < Math.ceil(photos * DENSITY)) faults.push(...shuffled(bag, below));
  faults.length = Math.ceil(photos * DENSITY);
  const restarts = Math.max(1, Math.round(photos / PHOTOS_PER_RESTART));
  for (let nth = 0; nth < restarts; nth++)
    faults.splice(Math.floor(((nth + 0.3 + 0.4 * random()) * faults.length) / restarts), 0, "restart-server");
  return faults.map((fault) => ({
    fault,
    server: below(servers),
    after: 1 + below(fault === "kill-daemon" ? LINES_BETWEEN : Math.ceil(REQUESTS_BETWEEN / servers)),
  }));
}

function shuffled<T>(all: readonly T[], below: (limit: number) => number): T[] {
  const mixed = [...all];
  for (let at = mixed.length - 1; at > 0; at--) {
    const other = below(at + 1);
    [mixed[at], mixed[other]] = [mixed[other]!, mixed[at]!];
  }
  return mixed;
}

export const isProxyFault = (fault: ChaosFault): fault is ProxyFault =>
  (PROXY_FAULTS as readonly string[]).includes(fault);

/** A ComfyUI keeps every prompt it ran, graph and all, until it is restarted: ours are taken out again. */
import type { Backend } from "../../../ports.ts";
import { mentions } from "./answers.ts";
import type { Http } from "./http.ts";
import { atLeast, KEEPS_OUR_ID, type Server } from "./server.ts";
import type { Tickets } from "./tickets.ts";

type Wiring = { readonly http: Http; readonly server: Server; readonly tickets: Tickets };

export function tidyHistory({ http, server, tickets }: Wiring): Backend["tidy"] {
  return async (ended, signal) => {
    const pids = new Set(ended.map((ticket) => tickets.pidOf(ticket)));
    if (!atLeast(await server.version(signal), KEEPS_OUR_ID)) {
      // It chose their ids itself, and a restart of ours forgot them: each prompt names its ticket.
      for (const { prompt } of await server.recent(signal))
        if (ended.some((ticket) => mentions(prompt[2], ticket))) pids.add(prompt[1]);
    }
    await http.exchange("/history", { method: "POST", json: { delete: [...pids] }, signal });
  };
}

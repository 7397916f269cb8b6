/** What a ComfyUI of some version can do, as far as a client meets it; single traits may be set apart from the version. */
import { atLeast } from "../../../src/adapters/backends/comfyui/server.ts";
import type { ComfyuiOptions } from "./options.ts";

export const VERSION = "0.3.64";
/** The traits read in later sources, none of which says when it came, begin here. */
export const LATER = "0.4.0";

export type Traits = {
  /** Who chooses a prompt_id: the server, the client, or the client in canonical spelling. */
  readonly promptIds: "server" | "client" | "canonical";
  /** Whether `/interrupt` heeds the prompt it names. */
  readonly interrupts: "global" | "targeted";
  /** `/features`, feature flags, progress_state and previews with metadata. */
  readonly features: boolean;
  /** Who hears progress_state of a job that has a client. */
  readonly progressState: "everybody" | "client";
  readonly historyOffset: boolean;
  /** `/api/jobs`: absent, to be read, or with cancelling. */
  readonly jobs: "none" | "read" | "cancel";
  /** Unknown nodes and cycles have refusals of their own. */
  readonly refusals: "plain" | "named";
  /** Further keys in upload replies and image items. */
  readonly extraKeys: boolean;
  /** `Sec-Fetch-Site: cross-site` is turned away. */
  readonly crossSite: "served" | "refused";
};

export function traitsOf(options: ComfyuiOptions): Traits {
  const since = (version: string) => atLeast(options.version ?? VERSION, version);
  const later = since(LATER);
  return {
    promptIds: options.promptIds ?? (later ? "canonical" : since("0.3.45") ? "client" : "server"),
    interrupts: options.interrupts ?? (since("0.3.57") ? "targeted" : "global"),
    features: since("0.3.45"),
    progressState: since("0.3.58") ? "client" : "everybody",
    historyOffset: since("0.3.60"),
    jobs: options.jobs ?? (later ? "cancel" : "none"),
    refusals: later ? "named" : "plain",
    extraKeys: later,
    crossSite: later ? "refused" : "served",
  };
}

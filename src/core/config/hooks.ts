/** Who is told of which outcome, as the configuration says. */
import type { z } from "zod";
import type { PathText } from "../inbox/path-text.ts";
import type { HookEvent } from "../job/hook-body.ts";
import { parseDuration } from "./durations.ts";
import type { hooks } from "./schema-hooks.ts";

export type HookTarget =
  | { readonly kind: "run"; readonly command: readonly string[]; readonly limitMs: number }
  | { readonly kind: "url"; readonly url: string; readonly secret: string | null; readonly limitMs: number };

export type Hooks = Readonly<Partial<Record<HookEvent, HookTarget>>>;

/** The key of each event in the configuration. */
export const HOOK_KEYS = { done: "onDone", failed: "onFailed", held: "onHeld", shoot: "onShoot" } as const;

export const HOOK_EVENTS = Object.keys(HOOK_KEYS) as readonly HookEvent[];

type HooksText = z.output<typeof hooks>;

export function hooksOf(text: HooksText = {}): Hooks {
  return Object.fromEntries(
    HOOK_EVENTS.flatMap((event) => {
      const hook = text[HOOK_KEYS[event]];
      return hook ? [[event, targetOf(hook)]] : [];
    }),
  );
}

function targetOf({ run, url, secret, timeout }: NonNullable<HooksText["onDone"]>): HookTarget {
  const limitMs = parseDuration(timeout)!;
  return run ? { kind: "run", command: run, limitMs } : { kind: "url", url: url!, secret: secret ?? null, limitMs };
}

type Hooked = {
  readonly hooks: Hooks;
  readonly inboxes: readonly { readonly path: PathText; readonly hooks: Hooks }[];
};

/** Who is told of an event of this inbox ("" for photos without one): its own hook, else that of all. */
export function hookFor({ hooks, inboxes }: Hooked, inbox: string, event: HookEvent): HookTarget | undefined {
  return inboxes.find(({ path }) => path === inbox)?.hooks[event] ?? hooks[event];
}

export type Wanted = { readonly inbox: string; readonly event: HookEvent };

/** Every event that somebody is told of, by who is. */
export function wantedBy(config: Hooked): ReadonlyMap<HookTarget, readonly Wanted[]> {
  const wanted = new Map<HookTarget, Wanted[]>();
  for (const inbox of ["", ...config.inboxes.map(({ path }) => path)])
    for (const event of HOOK_EVENTS) {
      const target = hookFor(config, inbox, event);
      if (target) wanted.set(target, [...(wanted.get(target) ?? []), { inbox, event }]);
    }
  return wanted;
}

/** Every hook, each with the words that name it for people. */
export function hooksIn({ hooks, inboxes }: Hooked): readonly { readonly name: string; readonly target: HookTarget }[] {
  return [{ path: "", hooks }, ...inboxes].flatMap(({ path, hooks: own }) =>
    HOOK_EVENTS.flatMap((event) => {
      const target = own[event];
      return target ? [{ name: path === "" ? HOOK_KEYS[event] : `${HOOK_KEYS[event]} of ${path}`, target }] : [];
    }),
  );
}

/** What names a target in logs and status: of an address the host alone, since many carry a secret behind it. */
export function shownTarget(target: HookTarget): string {
  return target.kind === "run" ? target.command[0]! : new URL(target.url).host;
}

/** What no log line may hold. */
export function hookSecrets(config: Hooked): readonly string[] {
  return hooksIn(config).flatMap(({ target }) => {
    if (target.kind === "run") return [];
    const { pathname, search, password } = new URL(target.url);
    return [target.secret ?? "", password, pathname + search].filter((text) => text.length > 1);
  });
}

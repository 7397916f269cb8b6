/** Tells the outside world: the JSON goes to a program's input, or is posted to an address. What they do is their affair. */
import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { HookTarget } from "../core/config/hooks.ts";
import type { Clock } from "../ports.ts";
import type { HookAnswer, Hooks } from "../ports-hooks.ts";

export type HooksOptions = {
  /** The project's folder: where programs run. */
  readonly root: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Pick<Clock, "now">;
};

/** What programs get of our environment: enough to find and start others, and none of our tokens. */
const PASSED_ON = ["PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "TEMP", "SYSTEMROOT", "PATHEXT"];
/** What is kept of what they say. */
const SAID_MAX = 4_096;
/** A program that has ended may have left its outputs to another one; so long we listen on. */
const LISTEN_ON_MS = 200;
/** An address that asks for more patience gets this much. */
const PATIENCE_MAX_MS = 3_600_000;

export function openHooks(options: HooksOptions): Hooks {
  return {
    async tell(target, document, news, signal) {
      signal.throwIfAborted();
      const answer =
        target.kind === "run"
          ? await run(target, document, news, options, signal)
          : await post(target, document, news, options, signal);
      signal.throwIfAborted();
      return answer;
    },
  };
}

type News = Parameters<Hooks["tell"]>[2];
type Of<Kind extends HookTarget["kind"]> = Extract<HookTarget, { readonly kind: Kind }>;

type Failed = Extract<HookAnswer, { readonly kind: "failed" }>;
const failed = (reason: string, said: string, again: boolean): Failed => ({ kind: "failed", reason, said, again });

/** A program is asked once: it has said no, or not in time. It leads a group of its own, which ends as a whole. */
function run(
  { command, limitMs }: Of<"run">,
  document: string,
  { id, event }: News,
  { root, env }: HooksOptions,
  signal: AbortSignal,
): Promise<HookAnswer> {
  const [program, ...words] = command;
  const own = Object.fromEntries(PASSED_ON.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
  return new Promise((resolve) => {
    const child = spawn(program!, words, {
      cwd: root,
      env: { ...own, HOTGRADE_EVENT: event, HOTGRADE_DELIVERY: id },
      stdio: "pipe",
      shell: false,
      detached: true,
      windowsHide: true,
    });
    let said = "";
    const hear = (text: string) => {
      said = (said + text).slice(-SAID_MAX);
    };
    child.stdout.setEncoding("utf8").on("data", hear);
    child.stderr.setEncoding("utf8").on("data", hear);
    const end = () => endGroup(child.pid) || child.kill("SIGKILL");
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      end();
    }, limitMs);
    signal.addEventListener("abort", end, { once: true });
    const settle = (answer: HookAnswer) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      child.stdout.destroy();
      child.stderr.destroy();
      resolve(answer);
    };
    child.once("error", (error) => settle(failed(`${program} cannot be started: ${error.message}`, said, false)));
    child.once("exit", (code, killedBy) => {
      const answer = (): HookAnswer => {
        if (isLate) return failed(`${program} was ended after ${limitMs} ms`, said, false);
        if (code === 0) return { kind: "told", said };
        return failed(
          `${program} ${killedBy ? `was killed by ${killedBy}` : `ended with exit code ${code}`}`,
          said,
          false,
        );
      };
      const listening = setTimeout(() => settle(answer()), LISTEN_ON_MS);
      child.once("close", () => {
        clearTimeout(listening);
        settle(answer());
      });
    });
    // Who does not read its input need not.
    child.stdin.on("error", () => undefined);
    child.stdin.end(document);
  });
}

/** False where there are no groups, or none is left. */
function endGroup(pid: number | undefined): boolean {
  if (pid === undefined || process.platform === "win32") return false;
  try {
    return process.kill(-pid, "SIGKILL");
  } catch {
    return false; // it has ended
  }
}

/** `sha256=` and the HMAC over `<timestamp>.<document>`: who has the secret knows that both are ours, and how old. */
export function signatureOf(secret: string, timestamp: string, document: string): string {
  return `sha256=${createHmac("sha256", secret).update(`${timestamp}.${document}`).digest("hex")}`;
}

/** Redirects are not followed: a signed document goes to the address that was configured, or nowhere. */
function post(
  { url, secret, limitMs }: Of<"url">,
  document: string,
  { id, event }: News,
  { clock }: HooksOptions,
  signal: AbortSignal,
): Promise<HookAnswer> {
  const address = new URL(url);
  const timestamp = String(Math.floor(clock.now() / 1_000));
  const body = Buffer.from(document);
  const limit = AbortSignal.timeout(limitMs);
  return new Promise((resolve) => {
    const send = address.protocol === "https:" ? requestHttps : requestHttp;
    const asked = send(address, {
      method: "POST",
      agent: false,
      signal: AbortSignal.any([signal, limit]),
      headers: {
        "content-type": "application/json",
        "content-length": body.length,
        "user-agent": "hotgrade",
        "x-hotgrade-event": event,
        "x-hotgrade-delivery": id,
        "x-hotgrade-timestamp": timestamp,
        ...(secret !== null && { "x-hotgrade-signature": signatureOf(secret, timestamp, document) }),
      },
    });
    asked.once("error", (error) => {
      const why = limit.aborted ? `did not answer within ${limitMs} ms` : `cannot be reached: ${error.message}`;
      resolve(failed(`${address.host} ${why}`, "", true));
    });
    asked.once("response", (response) => {
      const { statusCode = 0, headers } = response;
      let said = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        said += text.slice(0, SAID_MAX - said.length);
        if (said.length >= SAID_MAX) response.destroy();
      });
      // The status is the answer, however its text ends.
      response.on("error", () => undefined);
      response.once("close", () => resolve(answerOf(address.host, statusCode, headers["retry-after"], said)));
    });
    asked.end(body);
  });
}

function answerOf(host: string, status: number, retryAfter: string | undefined, said: string): HookAnswer {
  if (status >= 200 && status < 300) return { kind: "told", said };
  if (status >= 300 && status < 400) return failed(`${host} redirects (${status}): give its new address`, said, false);
  const again = status >= 500 || status === 429 || status === 408;
  const answer = failed(`${host} answered ${status}`, said, again);
  const seconds = Number(retryAfter);
  if (!again || !(seconds > 0)) return answer;
  return { ...answer, afterMs: Math.min(PATIENCE_MAX_MS, seconds * 1_000) };
}

/**
 * One network share, served by a process of its own: a system call on a dead share blocks its thread until the share is
 * back, and no thread of ours can be spared or ended. A process can be left behind.
 *
 *             asked                  nothing heard for silentMs + answerMs
 *   unused ─────────▶ answering ───────────────────────────────▶ away ──▶ after a pause, ever longer: a new process, one ping
 *                        ▲                                        │  ▲                                          │
 *                        └────────────── it answers ──────────────│──┴────────── it does not ──────────────────┤
 *                        ▲                                        └ every call fails at once with `share-away`  │
 *                        └──────────────────────────────────────────────────────────────────────────────────────┘
 *
 * What takes long is no sign of death, so calls have no time limit of their own but a distant one. While any is under way
 * the share is pinged: statfs, which no cache answers.
 */
import { type ChildProcess, fork } from "node:child_process";
import { AppError } from "../core/errors.ts";
import { showPath } from "../core/inbox/path-text.ts";
import type { Share, ShareCall } from "../ports-shares.ts";
import { crossedShare, type FromShareWorker, type ToShareWorker } from "./inbox-share-words.ts";

export type ShareLimits = {
  /** A ping goes out when something has been under way this long, and again after each answer. */
  readonly silentMs: number;
  /** A ping without an answer for this long: the share is away. */
  readonly answerMs: number;
  /** The process has this long to begin. */
  readonly startMs: number;
  /** Longest call on a share that answers pings. */
  readonly callMs: number;
  /** Pauses before the share is tried again: the first, and the longest. */
  readonly firstPauseMs: number;
  readonly pauseMaxMs: number;
};

export const SHARE_LIMITS: ShareLimits = {
  silentMs: 5_000,
  answerMs: 8_000,
  startMs: 30_000,
  callMs: 20 * 60_000,
  firstPauseMs: 5_000,
  pauseMaxMs: 30_000,
};

export type ShareProgram = {
  readonly file: string;
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
};

/** Processes left behind in calls that even a kill does not end; no more are begun until one of them is gone. */
const ABANDONED_MAX = 8;
/** Calls block threads of the process: enough of them that a ping is heard beside a few long copies. */
const THREADS = "16";

type Call = {
  readonly resolve: (gives: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly at: number;
};

export type OpenShare = ReturnType<typeof openShare>;

export function openShare(
  share: Share,
  program: ShareProgram,
  limits: ShareLimits,
  changed: (away: AppError | null) => void,
) {
  const calls = new Map<number, Call>();
  const holds = new Set<(error: AppError) => void>();
  let hand: { readonly worker: ChildProcess; readonly ready: Promise<void> } | undefined;
  let away: AppError | null = null;
  let pauseMs = limits.firstPauseMs;
  let pulse: NodeJS.Timeout | undefined;
  let retry: NodeJS.Timeout | undefined;
  let ids = 0;
  let abandoned = 0;
  let stopped = false;

  function hire() {
    const worker = fork(program.file, [...program.words], {
      serialization: "advanced",
      env: { ...program.env, UV_THREADPOOL_SIZE: THREADS },
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      detached: true,
      windowsHide: true,
    });
    const { promise: ready, resolve } = Promise.withResolvers<void>();
    const fresh = { worker, ready };
    worker.on("message", (message: FromShareWorker) => {
      if (message.id === 0) return resolve();
      const call = calls.get(message.id);
      calls.delete(message.id);
      if (message.failure) call?.reject(crossedShare(message.failure));
      else call?.resolve(message.gives);
    });
    const gone = () => {
      if (hand === fresh) lose("its process ended");
    };
    worker.on("error", gone);
    worker.on("exit", gone);
    worker.unref();
    worker.channel?.unref();
    hand = fresh;
    return fresh;
  }

  /** Asks the process, whatever is thought of the share. */
  function ask(what: ShareCall, args: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const { worker } = hand ?? hire();
      const id = ++ids;
      calls.set(id, { resolve, reject, at: performance.now() });
      const message: ToShareWorker = { id, what, args };
      worker.send(message, () => undefined); // one that is gone says so by its exit
      watch();
    });
  }

  /** Begins to ping, for as long as somebody waits. */
  function watch(): void {
    pulse ??= setTimeout(async () => {
      const ms = performance.now();
      const isStuck = [...calls.values()].some(({ at }) => ms - at > limits.callMs);
      const answers = !isStuck && hand !== undefined && (await pinged());
      pulse = undefined;
      if (stopped || away || hand === undefined) return;
      if (!answers) lose("it does not answer");
      else if (calls.size > 0 || holds.size > 0) watch();
    }, limits.silentMs);
  }

  async function pinged(): Promise<boolean> {
    const asked = hand;
    if (!asked || !(await within(asked.ready, limits.startMs))) return false;
    const answer = ask("ping", [share.root]);
    // An error is an answer, unless it is one that a network gives up with.
    const heard = answer.then(
      () => true,
      (error) => !GIVEN_UP.has(error.code),
    );
    return (await within(heard, limits.answerMs)) === true;
  }

  /** The share is away: its process is left to itself, who waits is told, and another is tried later. */
  function lose(why: string): void {
    const before = away;
    const since = `The network share ${showPath(share.root)} (${share.type}) is away: ${why}.`;
    away = new AppError("share-away", since, { share: share.root, type: share.type });
    drop(away);
    if (!before) changed(away);
    if (stopped) return;
    clearTimeout(retry);
    retry = setTimeout(tryAgain, pauseMs);
    retry.unref();
    pauseMs = Math.min(limits.pauseMaxMs, pauseMs * 2);
  }

  function drop(reason: AppError): void {
    const left = hand?.worker;
    hand = undefined;
    clearTimeout(pulse);
    pulse = undefined;
    if (left && left.exitCode === null && left.signalCode === null) {
      abandoned++;
      left.once("exit", () => abandoned--);
      left.kill("SIGKILL");
      if (left.connected) left.disconnect();
    }
    const waiting = [...calls.values()];
    calls.clear();
    for (const { reject } of waiting) reject(reason);
    for (const told of [...holds]) told(reason);
  }

  async function tryAgain(): Promise<void> {
    if (stopped || !away) return;
    if (abandoned >= ABANDONED_MAX) return lose("too many of its processes hang");
    hire();
    const answers = await pinged();
    if (stopped || !hand) return;
    if (!answers) return lose("it does not answer");
    away = null;
    pauseMs = limits.firstPauseMs;
    changed(null);
  }

  return {
    share,
    call(what: ShareCall, args: readonly unknown[]): Promise<unknown> {
      return away ? Promise.reject(away) : ask(what, args);
    },
    /** Watches the share until released; `lost` is called at most once. */
    hold(lost: (error: AppError) => void): () => void {
      holds.add(lost);
      if (hand && !away) watch();
      return () => void holds.delete(lost);
    },
    leave(): void {
      stopped = true;
      clearTimeout(retry);
      away = new AppError("interrupted", "hotgrade stops.");
      drop(away);
    },
  };
}

const GIVEN_UP = new Set([
  "ETIMEDOUT",
  "EHOSTDOWN",
  "EHOSTUNREACH",
  "ENOTCONN",
  "ECONNABORTED",
  "ESTALE",
  "EIO",
  "ECONNRESET",
]);

/** What the promise gives (true for nothing), or undefined when it takes longer. A busy program hears first, then judges. */
async function within<T>(promise: Promise<T>, ms: number): Promise<T | true | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => setTimeout(resolve, 50, undefined), ms);
  });
  const given = promise.then((value) => value ?? (true as const));
  return Promise.race([given, late]).finally(() => clearTimeout(timer));
}

/**
 * The log: one structured line an event, through pino. The only door to it.
 * Tokens never reach a line: fields of that name are censored, and known secrets are blotted out wherever they turn up.
 */
import { pino } from "pino";
import type { Log } from "../ports.ts";

export type LogOptions = {
  readonly level: "debug" | "info" | "warn" | "error" | "fatal";
  /** Absolute path of a file to append JSON lines to; null writes to `stderr`. */
  readonly file: string | null;
  /** Where lines go without a file. */
  readonly stderr: { write(line: string): unknown };
  /** Lines for people instead of JSON: for a terminal. */
  readonly plain: boolean;
  /** Values, such as tokens from the environment, that no line may hold. */
  readonly secrets: readonly string[];
};

export type OpenLog = Log & { close(): Promise<void> };

const CENSORED = "[redacted]";
const SECRET_FIELDS = ["token", "authorization", "password", "cookie"];
const DEPTHS = ["", "*.", "*.*.", "*.*.*."];
/** Shorter values would blot out ordinary words. */
const SECRET_LENGTH_MIN = 6;

/** Opens the log. A file's folder is made when absent; lines are written at once, so that a crash loses none. */
export function openLog(options: LogOptions): OpenLog {
  const secrets = options.secrets
    .filter((secret) => secret.length >= SECRET_LENGTH_MIN)
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]);
  const blot = (line: string): string => secrets.reduce((text, secret) => text.replaceAll(secret, CENSORED), line);
  const file =
    options.file === null ? null : pino.destination({ dest: options.file, append: true, mkdir: true, sync: true });
  // A disk that is full takes no log lines; the photos matter more than what is said of them.
  file?.on("error", () => options.stderr.write(`hotgrade: the log ${options.file} cannot be written\n`));
  const forPeople = { write: (line: string) => options.stderr.write(options.plain ? plainLine(line) : line) };
  const logger = pino(
    {
      level: options.level,
      base: null,
      messageKey: "message",
      formatters: { level: (label) => ({ level: label }) },
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { cause: serializeError, error: serializeError, err: serializeError },
      redact: { paths: SECRET_FIELDS.flatMap((field) => DEPTHS.map((depth) => depth + field)), censor: CENSORED },
      hooks: { streamWrite: blot },
    },
    file ?? forPeople,
  );
  const at = (level: keyof Log) => (fields: Readonly<Record<string, unknown>>, phrase: string) =>
    logger[level](fields, phrase);
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    fatal: at("fatal"),
    async close() {
      file?.flushSync();
      file?.end();
    },
  };
}

function serializeError(value: unknown): unknown {
  return value instanceof Error ? pino.stdSerializers.err(value) : value;
}

/** `12:30:01 warn  will retry  job=4f stage=fetch` out of a JSON line. */
function plainLine(line: string): string {
  const { level, time, message, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const shown = Object.entries(fields).map(([name, value]) => `${name}=${shownValue(value)}`);
  return `${[String(time).slice(11, 19), String(level).padEnd(5), message, ...shown].join(" ")}\n`;
}

function shownValue(value: unknown): string {
  if (typeof value === "object" && value !== null && "stack" in value) return JSON.stringify(value.stack);
  const isPlain = typeof value === "string" && /^[\w./:@+-]+$/.test(value);
  return isPlain ? value : JSON.stringify(value);
}

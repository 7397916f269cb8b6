/** What the program's exit code says. Codes are permanent: scripts test them. */
import type { ErrorCode } from "../core/errors.ts";

export const EXIT = { ok: 0, failed: 1, usage: 2, backend: 3, bug: 70, interrupted: 130 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The codes as help prints them. */
export const EXIT_MEANINGS: readonly (readonly [ExitCode, string])[] = [
  [EXIT.ok, "everything worked"],
  [EXIT.failed, "a photo failed, was refused or is held"],
  [EXIT.usage, "the command line or the configuration is wrong"],
  [EXIT.backend, "no backend could be reached, or can run the workflow; or hotgrade is paused"],
  [EXIT.bug, "a bug in hotgrade"],
  [EXIT.interrupted, "interrupted"],
];

const CODES: Partial<Record<ErrorCode, ExitCode>> = {
  usage: EXIT.usage,
  "config-missing": EXIT.usage,
  "config-invalid": EXIT.usage,
  "folders-overlap": EXIT.usage,
  "backend-unknown": EXIT.usage,
  "job-unknown": EXIT.usage,
  "workflow-missing": EXIT.usage,
  "workflow-invalid": EXIT.usage,
  "output-exists": EXIT.usage,
  "backend-unreachable": EXIT.backend,
  "backend-not-comfyui": EXIT.backend,
  "workflow-unready": EXIT.backend,
  paused: EXIT.backend,
  interrupted: EXIT.interrupted,
  internal: EXIT.bug,
};

/** The exit code of a command that ended with this error; every code not listed means that the work failed. */
export function exitCodeOf(code: ErrorCode): ExitCode {
  return CODES[code] ?? EXIT.failed;
}

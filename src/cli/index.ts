/** All commands, in the order in which help lists them. A new one is its import and its line. */
import { apply } from "./apply.ts";
import { check } from "./check.ts";
import type { Command } from "./command.ts";
import { demo } from "./demo.ts";
import { fit } from "./fit.ts";
import { grade } from "./grade.ts";
import { init } from "./init.ts";
import { job, jobs } from "./jobs.ts";
import { lookShow } from "./look.ts";
import { lookBlend } from "./look-blend.ts";
import { lookConvert } from "./look-convert.ts";
import { lookDrop, lookKeep, lookList } from "./look-keep.ts";
import { lookLock, lookUnlock } from "./look-lock.ts";
import { lookStrength } from "./look-strength.ts";
import { once } from "./once.ts";
import { approve, cancel, reject, retry } from "./retry.ts";
import { start } from "./start.ts";
import { status } from "./status.ts";

export const COMMANDS: readonly Command[] = [
  demo,
  init,
  check,
  start,
  once,
  grade,
  status,
  jobs,
  job,
  retry,
  cancel,
  approve,
  reject,
  fit,
  apply,
  lookShow,
  lookBlend,
  lookConvert,
  lookKeep,
  lookList,
  lookDrop,
  lookLock,
  lookUnlock,
  lookStrength,
];

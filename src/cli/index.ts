/**
 * All commands, in the order in which help lists them. A new one is its line.
 * Each is loaded when it is asked for: a hook of another program waits for every file that is read here.
 */
import type { CommandEntry } from "./command.ts";

export const COMMANDS: readonly CommandEntry[] = [
  { name: "demo", load: async () => (await import("./demo.ts")).demo },
  { name: "init", load: async () => (await import("./init.ts")).init },
  { name: "check", load: async () => (await import("./check.ts")).check },
  { name: "start", load: async () => (await import("./start.ts")).start },
  { name: "once", load: async () => (await import("./once.ts")).once },
  { name: "grade", load: async () => (await import("./grade.ts")).grade },
  { name: "status", load: async () => (await import("./status.ts")).status },
  { name: "jobs", load: async () => (await import("./jobs.ts")).jobs },
  { name: "job", load: async () => (await import("./jobs.ts")).job },
  { name: "retry", load: async () => (await import("./retry.ts")).retry },
  { name: "cancel", load: async () => (await import("./retry.ts")).cancel },
  { name: "pause", load: async () => (await import("./pause.ts")).pause },
  { name: "resume", load: async () => (await import("./pause.ts")).resume },
  { name: "approve", load: async () => (await import("./retry.ts")).approve },
  { name: "reject", load: async () => (await import("./retry.ts")).reject },
  { name: "fit", load: async () => (await import("./fit.ts")).fit },
  { name: "apply", load: async () => (await import("./apply.ts")).apply },
  { name: "look show", load: async () => (await import("./look.ts")).lookShow },
  { name: "look blend", load: async () => (await import("./look-blend.ts")).lookBlend },
  { name: "look convert", load: async () => (await import("./look-convert.ts")).lookConvert },
  { name: "look keep", load: async () => (await import("./look-keep.ts")).lookKeep },
  { name: "look list", load: async () => (await import("./look-keep.ts")).lookList },
  { name: "look drop", load: async () => (await import("./look-keep.ts")).lookDrop },
  { name: "look lock", load: async () => (await import("./look-lock.ts")).lookLock },
  { name: "look unlock", load: async () => (await import("./look-lock.ts")).lookUnlock },
  { name: "look strength", load: async () => (await import("./look-strength.ts")).lookStrength },
];

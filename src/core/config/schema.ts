/**
 * The grammar of the configuration file: every key, what it may be, its default and its meaning.
 * Defaults live here and nowhere else. config/schema.json and the table in docs/configuration.md are made from it.
 */
import { z } from "zod";
import { isLookName } from "../lut/names.ts";
import { duration, pixels, size } from "./measured.ts";
import { backend, backendName } from "./schema-backend.ts";
import { HOOKS_ARE, hooks } from "./schema-hooks.ts";
import { identityFields } from "./schema-identity.ts";
import { namingFields } from "./schema-naming.ts";
import { originalFields } from "./schema-original.ts";
import { outputFields } from "./schema-output.ts";
import { pairFields } from "./schema-pairs.ts";
import { retentionFields } from "./schema-retention.ts";
import { reviewFields } from "./schema-review.ts";
import { scheduleFields } from "./schema-schedule.ts";
import { shareFields } from "./schema-share.ts";
import { shootFields } from "./schema-shoots.ts";
import { PATH_MAX, template } from "./schema-text.ts";
import { PROMPT_WORDS } from "./template.ts";

export const DEFAULT_PROMPT = "Warm cinematic color grading, soft contrast, slightly lifted blacks";
export const KEEP_STILL =
  "while maintaining the exact composition, framing and all details; keep everything else unchanged";
export const DEFAULT_WORKFLOW = "kontext-color-grade";

/** Slots of a workflow, here as keys of `slots`; any other key of it names a parameter. */
export const SLOTS = [
  ...["image", "prompt", "negative", "seed", "strength", "steps"],
  ...["reference", "mask", "result", "baseline"],
] as const;

const TEXT_MAX = 8_000;

/** A path as written; relative ones are below the project root. */
const path = (what: string) =>
  z
    .string({ error: `expected ${what}` })
    .min(1, { error: `expected ${what}, not an empty text` })
    .max(PATH_MAX)
    .refine((text) => !text.includes("\0"), { error: "a path holds no NUL character" });

const inbox = z.strictObject({
  path: path("the folder to watch").describe("The watched folder. Required."),
  outbox: path("a folder").default("graded").describe("Where the results go. Never inside an inbox."),
  prompt: template(PROMPT_WORDS, TEXT_MAX)
    .min(1)
    .default(DEFAULT_PROMPT)
    .describe("The grade in words; may hold `{inbox}` `{folder}` `{name}` `{date}` `{camera}`."),
  promptSuffix: template(PROMPT_WORDS, TEXT_MAX)
    .default(KEEP_STILL)
    .describe("Added to every prompt so that the model keeps the picture still; the builtin backend ignores it."),
  workflow: path("the name of a workflow").default(DEFAULT_WORKFLOW).describe("The ComfyUI graph, by file name."),
  slots: z
    .record(
      z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/, { error: "a slot's name is letters, digits and _" }),
      z.string().regex(/^[^.\s]+(\.[^\s]+)?$/, { error: 'expected NODE or NODE.INPUT, such as "10.image"' }),
    )
    .default({})
    .describe(
      'Nodes of an unmarked workflow: `{image: "10.image", prompt: "6.text"}`. A key that is no slot names a parameter for `params`: `{guidance: "9.guidance"}`.',
    ),
  params: z
    .record(z.string().min(1), z.union([z.string(), z.number()], { error: "expected a text or a number" }))
    .default({})
    .describe(
      "Values for the workflow's parameters, such as `{steps: 20, guidance: 3}`; `hotgrade check` names those it has.",
    ),
  seed: z
    .union([z.literal("random"), z.literal("from-content"), z.int().min(0)], {
      error: "expected random, from-content or a whole number from 0",
    })
    .default("random")
    .describe("`random`, `from-content` (the same photo gives the same seed) or a whole number."),
  backend: z
    .union([backendName, z.array(backendName).min(1)], { error: "expected the name of a backend, or a list of names" })
    .optional()
    .describe(
      "Name, or list of names, of the backends that serve it. Without it: every backend that is not builtin; the builtin when there is no other.",
    ),
  finish: z
    .enum(["lut", "local", "direct"])
    .default("lut")
    .describe(
      "How the model's picture becomes the output: `lut` takes its colours alone, `local` also the light it changed by place, such as a vignette; `direct` takes the picture itself, made larger, without finer detail.",
    ),
  look: path("each, shoot, a look's name, or a .cube file")
    .refine((text) => /\.cube$/i.test(text) || isLookName(text), {
      error: "expected each, shoot, the name of a kept look, or the path of a .cube file",
    })
    .default("each")
    .describe(
      "`each` asks the backend for every photo, `shoot` for the first of each shoot; the name of a kept look (`hotgrade look keep`) or the path of a `.cube` uses that look and asks no model.",
    ),
  shootGap: duration("1s", "30d")
    .default("15m")
    .describe(
      "Photos that lie in the inbox itself are of one shoot while no pause between two is longer. Those of a subfolder always are. A shoot with nothing new for so long is complete once its photos have ended (`contactSheet`, `hooks.onShoot`).",
    ),
  heroes: z
    .int()
    .min(1)
    .max(8)
    .default(1)
    .describe("With `look: shoot`: how many photos of a shoot go to the model; the look is fitted to all of them."),
  outsideMax: z
    .number()
    .min(0)
    .max(1)
    .default(0.2)
    .describe(
      "With `look: shoot`: a photo with a greater share of colours that the look does not know goes to the model too.",
    ),
  strength: z.number().min(0).max(1).default(1).describe("0 leaves photos as they are, 1 applies the whole look."),
  lutSize: z.int().min(17).max(65).default(33).describe("Points a side of the LUT, 17 to 65."),
  onSpatial: z
    .enum(["hold", "local", "direct", "write"])
    .default("hold")
    .describe(
      "What to do when the model's edit is not one colour transform: `hold` for a person, go on with finish `local` or `direct`, or `write` the nearest look.",
    ),
  settle: duration("100ms", "1h").default("2s").describe("How long a file must stand still before it is taken."),
  rescan: duration("1s", "1d").default("60s").describe("How often the whole folder is looked through."),
  ...shareFields,
  order: z.enum(["oldest", "newest", "name"]).default("oldest").describe("Which photo is taken first."),
  raw: z
    .enum(["preview", "develop", "command", "skip"])
    .default("preview")
    .describe(
      "What becomes of a camera's RAW: `preview` grades the largest JPEG in it, `develop` develops it to 16 bits with the camera's white balance, `command` has `rawCommand` do it, `skip` leaves it alone.",
    ),
  rawCommand: z
    .array(z.string().min(1).max(PATH_MAX), { error: "expected a list: the program, then its words" })
    .min(1)
    .max(100)
    .optional()
    .describe(
      'With `raw: command`: a program and its words, run without a shell, such as `[darktable-cli, "{in}", "{out}"]`. It reads a copy of the RAW at `{in}` and writes a picture, best a TIFF of 16 bits, to `{out}`.',
    ),
  rawLimit: duration("1s", "15m").default("10m").describe("How long `rawCommand` may take for one photo."),
  ...identityFields,
  ...scheduleFields,
  ...pairFields,
  ...outputFields,
  ...reviewFields,
  ...shootFields,
  hooks: hooks.optional().describe(`${HOOKS_ARE} An inbox's own hook wins.`),
  ...namingFields,
  times: z
    .enum(["now", "keep"])
    .default("now")
    .describe(
      "The output's file time: `now`, or `keep` that of the original. The time of the shot is in EXIF either way.",
    ),
  sidecars: z
    .array(z.enum(["cube", "report", "hald", "lightroom"]))
    .default(["cube", "report"])
    .describe(
      "Files beside each output: its look as `cube`, `hald` (HaldCLUT PNG) or `lightroom` (profile, beta), and the `report`, `NAME.grade.json`.",
    ),
  ...originalFields,
  priority: z.int().min(-100).max(100).default(0).describe("Inboxes with a higher number are served first."),
});

export const configSchema = z.strictObject({
  ledger: z
    .strictObject({
      driver: z.enum(["sqlite"]).default("sqlite").describe("The kind of database."),
      file: path("a file").default("var/ledger.db").describe("The ledger's file, on a local disk."),
    })
    .prefault({})
    .describe("Where hotgrade keeps what it knows of every photo."),
  backends: z
    .array(backend)
    .min(1)
    .max(64)
    .optional()
    .describe("What runs the prompts. Without it: one builtin backend, `here`."),
  comfyui: z
    .strictObject({
      enabled: z.boolean().default(true).describe("false means the builtin backend."),
      host: z.string().min(1).default("127.0.0.1").describe("Name or address of the server."),
      port: z.int().min(1).max(65_535).default(8188).describe("Its port."),
      workflow: path("the name of a workflow").optional().describe("The workflow of inboxes that name none."),
    })
    .optional()
    .describe("Older spelling of one backend; not together with `backends`."),
  inboxes: z
    .array(inbox)
    .max(256)
    .prefault([{ path: "inbox" }])
    .describe("The watched folders. Without it: one, `inbox`."),
  ...retentionFields,
  hooks: hooks.optional().describe(HOOKS_ARE),
  memory: z
    .union([z.literal("auto"), size("256MiB", "64TiB")], { error: "expected auto, or a size such as 4GiB" })
    .default("auto")
    .describe("Memory for pictures in work; `auto` is half of the machine's."),
  log: z
    .strictObject({
      level: z.enum(["debug", "info", "warn", "error", "fatal"]).default("info").describe("The least that is written."),
      file: path("a file").nullable().default(null).describe("Write here; null writes to the terminal."),
    })
    .prefault({})
    .describe("What is written down."),
  limits: z
    .strictObject({
      pixels: pixels("1MP", "4000MP").default("500MP").describe("The largest picture that is decoded."),
      fileSize: size("1MiB", "1TiB").default("2GiB").describe("The largest file that is read."),
      attempts: z.int().min(1).max(100).default(5).describe("Failed attempts at one stage before a job fails."),
      rewinds: z.int().min(0).max(100).default(3).describe("Times a job may go back to an earlier stage."),
    })
    .prefault({})
    .describe("Bounds that keep one file from stopping the rest."),
});

export type ConfigText = z.output<typeof configSchema>;
export type InboxText = z.output<typeof inbox>;

/** The JSON Schema that editors use for completion; kept in config/schema.json. */
export function jsonSchema(): string {
  const schema = { title: "hotgrade configuration", ...z.toJSONSchema(configSchema, { io: "input" }) };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/**
 * Every failure a person may meet, and the one class that carries it.
 * A code is permanent: it is stored, logged and searched for. `retry` says whether trying again may help;
 * `hint` says what to do next.
 */
type Entry = { readonly retry: boolean; readonly hint: string };

const CATALOGUE = {
  // The command line and the config.
  usage: { retry: false, hint: "Run `hotgrade help` or add --help to the command." },
  "config-missing": { retry: false, hint: "Give the file with --config, or run `hotgrade init` to write one." },
  "config-invalid": { retry: false, hint: "Correct the marked lines; `hotgrade check` reads the file again." },
  "folders-overlap": {
    retry: false,
    hint: "Give each inbox an outbox outside every inbox, and no inbox inside an outbox.",
  },
  "share-away": {
    retry: true,
    hint: "Wake the server or its network, or mount the share again; hotgrade tries by itself and goes on when it answers.",
  },
  "folder-unreadable": { retry: true, hint: "Mount the folder, or give this user the right to read it." },

  // The ledger.
  "ledger-locked": {
    retry: false,
    hint: "Another hotgrade uses this ledger: stop it, or use `hotgrade status` to see it.",
  },
  "ledger-busy": { retry: true, hint: "Another program holds the ledger file; end it, the job goes on by itself." },
  "ledger-newer": { retry: false, hint: "Update hotgrade: this ledger was written by a newer version." },
  "ledger-damaged": {
    retry: false,
    hint: "Restore the copy beside the ledger file, or move the file away to start anew.",
  },
  "lease-lost": { retry: true, hint: "Nothing to do: another worker took the job over." },
  "job-unknown": { retry: false, hint: "`hotgrade jobs` lists the ids." },

  // Files that arrive.
  "file-truncated": { retry: false, hint: "Copy the file again; it is taken by itself when it is complete." },
  "link-outside": {
    retry: false,
    hint: "Copy or hard-link the photo into the inbox; links are followed only to places inside it.",
  },
  "file-unsupported": {
    retry: false,
    hint: "hotgrade grades JPEG, PNG, TIFF, WebP, AVIF, HEIC and camera RAW; convert the file or leave it.",
  },
  "raw-command-failed": {
    retry: true,
    hint: "Run the program of `rawCommand` by hand on one RAW; it has to end with exit code 0 and write a picture to {out}.",
  },
  "file-too-large": { retry: false, hint: "The limit is in docs/configuration.md under Limits." },
  "picture-damaged": {
    retry: false,
    hint: "Open the file in a viewer and save it again, or copy it again from the camera.",
  },
  "picture-too-large": {
    retry: false,
    hint: "The limit is in docs/configuration.md under Limits; make the picture smaller.",
  },
  "picture-too-small": {
    retry: false,
    hint: "A look needs a picture of at least 16 pixels a side. Use `hotgrade apply` with a .cube.",
  },
  "original-gone": {
    retry: false,
    hint: "The original was moved or deleted while it was graded; put it back to grade it.",
  },
  "original-changed": { retry: false, hint: "Nothing to do: the changed photo is graded as a new version." },
  duplicate: {
    retry: false,
    hint: "Nothing to do; `hotgrade retry` grades it all the same, and `duplicates: reuse` gives every copy its own output.",
  },
  "file-failed": { retry: true, hint: "Check the disk and the rights on the folder, then `hotgrade retry`." },

  // Backends and workflows.
  "backend-unreachable": {
    retry: true,
    hint: "Start ComfyUI, or correct `url` or `token` of the backend; jobs wait until it answers.",
  },
  "backend-not-comfyui": {
    retry: false,
    hint: "The url answers, but not as ComfyUI does. Correct `backends[].url` (ComfyUI's default port is 8188).",
  },
  "backend-rejected": { retry: false, hint: "Open the workflow in ComfyUI and run it once by hand." },
  "backend-failed": { retry: true, hint: "Read the message ComfyUI gave; run the workflow once by hand." },
  "backend-out-of-memory": { retry: true, hint: "Free memory on the GPU box, or use a smaller model." },
  "backend-stuck": { retry: true, hint: "Restart ComfyUI: its worker has died or hangs." },
  "backend-lost": { retry: true, hint: "Nothing to do: ComfyUI restarted and forgot the job; it is sent again." },
  "backend-unknown": { retry: false, hint: "Name a backend that `backends:` lists." },
  "backend-cancelled": {
    retry: false,
    hint: "Someone interrupts it in ComfyUI again and again. `hotgrade cancel` ends a photo; `hotgrade retry` sends it again.",
  },
  "picture-incomplete": { retry: true, hint: "Nothing to do: the result came cut short and is fetched again." },
  "picture-size": {
    retry: false,
    hint: "The workflow must give back the size it is given, or 2 to 8 times that: look for nodes between @image and @result that crop or scale.",
  },
  "picture-constant": {
    retry: true,
    hint: "One colour, mostly black, is what a NaN in the VAE looks like: start ComfyUI with --fp32-vae or --bf16-vae, or use another VAE file or precision.",
  },
  "picture-foreign": {
    retry: true,
    hint: "The workflow must save its result with ComfyUI's own SaveImage, under the name it is given.",
  },
  "workflow-missing": { retry: false, hint: "Put ComfyUI's API export into workflows/, or correct `workflow:`." },
  "workflow-invalid": {
    retry: false,
    hint: "In ComfyUI use File → Export (API), mark nodes with titles such as @image, and set only `params` that it exposes.",
  },

  "workflow-unready": {
    retry: true,
    hint: "Put the model file in place, update ComfyUI, install the node, or correct `params`, as the message says; photos wait meanwhile and go on by themselves.",
  },

  // Looks.
  "cube-invalid": { retry: false, hint: "Export the LUT again as a .cube with LUT_3D_SIZE between 2 and 129." },
  "look-unknown": {
    retry: true,
    hint: "`hotgrade look list` shows the names; `hotgrade look keep FILE.cube NAME` gives one. Photos wait meanwhile.",
  },
  "look-unusable": { retry: true, hint: "Mend or replace the .cube; the photos that wait for it then go on." },
  "look-known": { retry: false, hint: "Choose another name, or give the old one up with `hotgrade look drop NAME`." },
  "hald-invalid": {
    retry: false,
    hint: "A HaldCLUT is a square PNG of level³ pixels a side, 512 × 512 for level 8. Export it again, never scaled.",
  },
  "look-spatial": {
    retry: false,
    hint: "This is not a colour grade: use finish direct or local. `hotgrade approve ID --finish local` transfers light that changes with the place, `--finish direct` takes the model's own picture, `hotgrade approve ID` writes the nearest look; `retry` asks the model again. For a shoot: `approve` or `reject`.",
  },
  review: {
    retry: false,
    hint: "Look at the proof that `hotgrade job ID` names. `hotgrade approve ID` writes the photo, `hotgrade reject ID` asks the model again, `reject ID --prompt WORDS` with other words, `reject ID --give-up` ends it.",
  },
  "grid-invalid": { retry: false, hint: "`hotgrade retry` fits look and grid again." },
  "pair-mismatch": { retry: false, hint: "AFTER must show the same picture as BEFORE, whole or centre-cropped." },

  // Output.
  "outbox-unwritable": { retry: true, hint: "Give this user the right to write there, or change `outbox`." },
  "disk-full": { retry: true, hint: "Free space; the job goes on by itself." },
  "output-exists": { retry: false, hint: "Name another --out; hotgrade never overwrites a file." },

  "hook-failed": {
    retry: true,
    hint: "Run the program by hand, or look at what the address answers. Webhooks are told again for a while; `hotgrade status` says what was given up.",
  },
  paused: {
    retry: true,
    hint: "`hotgrade resume` ends a pause; hours begin by themselves. `hotgrade status` says which it is.",
  },
  "worker-died": {
    retry: true,
    hint: "The picture worker ended (out of memory, or a broken file). It is tried again.",
  },
  cancelled: { retry: false, hint: "`hotgrade retry` brings it back." },
  interrupted: { retry: true, hint: "Run the command again: it goes on where it stopped." },
  internal: { retry: false, hint: "This is a bug. Please report it with the log line." },
} as const satisfies Record<string, Entry>;

export type ErrorCode = keyof typeof CATALOGUE;

/** All codes, for docs and tests. */
export const ERROR_CODES = Object.keys(CATALOGUE) as readonly ErrorCode[];

export function isErrorCode(code: string): code is ErrorCode {
  return code in CATALOGUE;
}

export function hintOf(code: ErrorCode): string {
  return CATALOGUE[code].hint;
}

export function mayRetry(code: ErrorCode): boolean {
  return CATALOGUE[code].retry;
}

/** The catalogue as a Markdown table, for docs/errors.md. */
export function errorTable(): string {
  const rows = ERROR_CODES.map((code) => `| \`${code}\` | ${mayRetry(code) ? "yes" : "no"} | ${hintOf(code)} |`);
  return ["| code | tried again | what to do |", "|---|---|---|", ...rows].join("\n");
}

export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly data: Readonly<Record<string, unknown>>;
  constructor(code: ErrorCode, message: string, data: Readonly<Record<string, unknown>> = {}, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.data = data;
  }
  get hint(): string {
    return CATALOGUE[this.code].hint;
  }
  get retry(): boolean {
    return CATALOGUE[this.code].retry;
  }
}

/** Any thrown thing as an AppError: ours as it is, everything else as `internal` with its cause. */
export function asAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  return new AppError("internal", thrown instanceof Error ? thrown.message : String(thrown), {}, thrown);
}

/** Builds the ports from the config: the one place that knows every adapter. */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { open as openBuiltin } from "../adapters/backends/builtin.ts";
import { options as comfyuiOptions, open as openComfyui } from "../adapters/backends/comfyui.ts";
import { piecesOf } from "../adapters/inbox-shares.ts";
import { openPictures } from "../adapters/pictures/pictures.ts";
import { openLedgerCopy } from "../adapters/sqlite/copy.ts";
import { openLedger } from "../adapters/sqlite/ledger.ts";
import { openRemoteLedger } from "../adapters/sqlite/remote.ts";
import { hostFacts, memoryBudget, systemClock, systemIds } from "../adapters/system.ts";
import { workflowLibrary } from "../adapters/workflows.ts";
import type { BackendConfig, Config } from "../core/config/parse.ts";
import { AppError } from "../core/errors.ts";
import { type PathText, showPath } from "../core/inbox/path-text.ts";
import type { Files, Ledger, Log, Pictures, Ports } from "../ports.ts";
import { type Member, openPool, type Pool } from "./backends.ts";
import { guardedPictures } from "./guarded-pictures.ts";
import { readOnly } from "./read-only.ts";

const AUTHORITY_BYTES_MAX = 1024 * 1024;

export type Project = {
  readonly config: Config;
  readonly root: string;
  /** As the program was started with. */
  readonly env: Readonly<Record<string, string | undefined>>;
};

export type LinePorts = Ports & { readonly backends: Pool; close(): Promise<void> };

/** The ledger of a project as another process sees it: for commands that look and steer. */
export const ledgerOf = ({ config }: Project): Ledger => openLedger(config.ledger.file, systemClock.now());

/** Where the looks lie, each named by its hash: beside the ledger. */
export const looksFolderOf = ({ ledger }: Pick<Config, "ledger">): PathText =>
  join(dirname(ledger.file), "looks") as PathText;

/** Everything the line needs. Errors: those of the ledger. */
export async function openPorts({ config, root }: Project, files: Files, log: Log): Promise<LinePorts> {
  const ledger = await openRemoteLedger(config.ledger.file, systemClock.now());
  const pictures = picturesOver(config, files, log);
  files.shares?.onChange((share, away) => {
    const fields = { share: share.root, type: share.type };
    if (away === null) log.info(fields, "share answers again");
    else log.warn({ ...fields, code: away.code, reason: away.message, hint: away.hint }, "share is away");
  });
  const context = {
    clock: systemClock,
    ids: systemIds,
    log,
    files,
    pictures,
    workflowText: workflowLibrary(root, files),
  };
  const members = await Promise.all(config.backends.map((backend) => openMember(backend, context)));
  const folder = dirname(config.ledger.file);
  return {
    clock: systemClock,
    ids: systemIds,
    log,
    files,
    pictures,
    ledger,
    backends: openPool(members, ledger, systemClock, log),
    looksFolder: looksFolderOf(config),
    workFolder: join(folder, "work") as PathText,
    async close() {
      await Promise.all(members.map(({ backend }) => backend.close()));
      await pictures.close();
      await ledger.close();
    },
  };
}

/** To try intake without leaving a trace: a ledger that is thrown away, a disk that is only read, no backend. */
export async function openDryPorts({ config }: Project, files: Files, log: Log) {
  const ledger = await openLedgerCopy(config.ledger.file, systemClock.now());
  const pictures = picturesOver(config, files, log);
  return {
    clock: systemClock,
    ids: systemIds,
    log,
    files: readOnly(files),
    pictures,
    ledger,
    backends: openPool([], ledger, systemClock, log),
    looksFolder: looksFolderOf(config),
    workFolder: join(dirname(config.ledger.file), "work") as PathText,
    async close() {
      await pictures.close();
      await ledger.close();
    },
  };
}

/** Picture work on these files: on network shares behind their guards. */
function picturesOver({ memory, limits }: Config, { shares }: Files, log: Log): Pictures {
  const facts = hostFacts();
  const options = { workers: facts.cpus, memoryBytes: memoryBudget(memory, facts), pixelsMax: limits.pixels, log };
  if (!shares) return openPictures(options);
  return guardedPictures(openPictures({ ...options, piecesOf: (file) => piecesOf(file, shares) }), shares);
}

type Context = Parameters<typeof openComfyui>[1] & Parameters<typeof openBuiltin>[1];

async function openMember(config: BackendConfig, context: Context): Promise<Member> {
  switch (config.kind) {
    case "builtin":
      return { backend: openBuiltin(config, context), weight: 1, only: null, awayMs: 0 };
    case "comfyui": {
      const { token, ca, weight, only, timeouts, ...rest } = config;
      const { awayMs, ...limits } = timeouts;
      const secrets = {
        ...(token !== null && { token }),
        ...(ca !== null && { ca: await readAuthority(ca, context) }),
      };
      const options = comfyuiOptions.parse({ ...rest, ...secrets, timeouts: limits });
      return { backend: openComfyui(options, context), weight, only, awayMs };
    }
  }
}

async function readAuthority(file: PathText, { files }: Context): Promise<string> {
  const text = (await files.read(file, AUTHORITY_BYTES_MAX).catch(() => Buffer.alloc(0))).toString("latin1");
  if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  throw new AppError("config-invalid", `The \`ca\` file ${showPath(file)} is no PEM certificate that can be read.`);
}

export const sha256Of = (text: string): string => createHash("sha256").update(text).digest("hex");

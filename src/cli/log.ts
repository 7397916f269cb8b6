/** The log, for commands. */
import { type OpenLog, openLog } from "../adapters/log.ts";
import { hookSecrets } from "../core/config/hooks.ts";
import type { Config } from "../core/config/parse.ts";
import type { World } from "./command.ts";

/** The log as configured. `quietest` raises the level of commands that talk for themselves. */
export function logOf(config: Config, world: Pick<World, "stderr">, quietest?: "warn" | "error"): OpenLog {
  const { level, file } = config.log;
  const secrets = config.backends.flatMap((backend) =>
    backend.kind === "comfyui" ? [...(backend.token ? [backend.token] : []), ...Object.values(backend.headers)] : [],
  );
  secrets.push(...hookSecrets(config));
  const isQuiet =
    quietest !== undefined && file === null && (level === "debug" || level === "info" || level === "warn");
  return openLog({
    level: isQuiet ? quietest : level,
    file,
    stderr: world.stderr,
    plain: world.stderr.isTTY === true,
    secrets,
  });
}

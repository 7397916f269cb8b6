/**
 * Puts the numbered rules to a real ComfyUI and says which held, which did not and which could not be checked there.
 *
 *     HOTGRADE_COMFYUI_URL=http://127.0.0.1:8188 npm run test:comfyui
 *
 * Core nodes and pictures of a few kilobytes are all it needs. Prompts are taken out of queue and history again; files stay
 * in hotgrade-test-…/ of its input and output folders, for ComfyUI has no call to delete them.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RULES } from "../support/comfyui/rules.ts";

const ROOT = join(import.meta.dirname, "../..");
const THEMES = ["runs", "queue", "files", "socket"].map((theme) => `test/contract/comfyui-rules-${theme}.test.ts`);
const TEST_MS = 180_000;

type Case = {
  readonly title: string;
  readonly status: "passed" | "failed" | "skipped" | "pending" | "todo" | "disabled";
  readonly failureMessages: readonly string[];
  readonly meta: { readonly unchecked?: string };
};

const url = process.env.HOTGRADE_COMFYUI_URL;
if (!url || !URL.canParse(url)) {
  console.error("Which ComfyUI? HOTGRADE_COMFYUI_URL=http://127.0.0.1:8188 npm run test:comfyui");
  console.error("It should be idle: the rules queue, run and interrupt small prompts of their own.");
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), "hotgrade-rules-"));
try {
  const report = join(folder, "report.json");
  const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
  const files = [...THEMES, "test/contract/comfyui-server.test.ts"];
  // One after the other: they share the server's one worker.
  const options = ["--no-file-parallelism", `--testTimeout=${TEST_MS}`, "--reporter=json", `--outputFile=${report}`];
  const child = spawn(process.execPath, [vitest, "run", ...files, ...options], { cwd: ROOT, stdio: "inherit" });
  await new Promise((resolve) => child.once("exit", resolve));
  const { testResults } = JSON.parse(readFileSync(report, "utf8")) as {
    testResults: readonly { readonly assertionResults: readonly Case[]; readonly message: string }[];
  };
  for (const { message } of testResults) if (message) console.log(message);
  process.exitCode = tell(testResults.flatMap(({ assertionResults }) => assertionResults));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** A line for each rule, and one for everything else; gives the exit code. */
function tell(cases: readonly Case[]): number {
  const ruleOf = ({ title }: Case) => Number(/^rule (\d+): /.exec(title)?.[1] ?? 0);
  console.log(`\nComfyUI at ${url}\n`);
  for (let rule = 1; rule <= RULES; rule++) {
    const ours = cases.filter((each) => ruleOf(each) === rule);
    const [held, broken] = ["passed", "failed"].map((status) => ours.filter((each) => each.status === status));
    const left = ours.filter(({ status }) => status !== "passed" && status !== "failed");
    const verdict = broken!.length > 0 ? "DIFFERS" : held!.length > 0 ? "holds" : "not checked";
    const reasons = new Set(left.map(({ meta }) => meta.unchecked ?? "no reason given"));
    const beside =
      reasons.size === 0 ? "" : ` (${held!.length > 0 ? "not all of it: " : ""}${[...reasons].join("; ")})`;
    console.log(`rule ${String(rule).padStart(2)}  ${verdict}${beside}`);
  }
  const others = cases.filter((each) => ruleOf(each) === 0 && each.status !== "skipped" && each.status !== "pending");
  const good = others.filter(({ status }) => status === "passed").length;
  console.log(`besides  ${good} of ${others.length} further statements hold`);
  const failed = cases.filter(({ status }) => status === "failed");
  for (const { title, failureMessages } of failed) console.log(`\n${title}\n  ${failureMessages[0]?.split("\n")[0]}`);
  return cases.length > 0 && failed.length === 0 ? 0 : 1;
}

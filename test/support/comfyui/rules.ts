/** Which test holds which of the numbered rules: read from the names in test/contract, for docs/comfyui.md. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const CONTRACT = join(import.meta.dirname, "../../contract");
/** The files that hold our client, rather than a server, to the rules. */
const CLIENT = /^comfyui-((rules-)?client|watch)\.test\.ts$/;

export const RULES = 21;

export type RuleTest = { readonly rule: number; readonly of: "server" | "client"; readonly name: string };

/** In the order of rules, and of the files. */
export function ruleTests(): readonly RuleTest[] {
  const files = readdirSync(CONTRACT).filter((name) => /^comfyui-.*\.test\.ts$/.test(name));
  const found = files.toSorted().flatMap((file) => {
    const of: RuleTest["of"] = CLIENT.test(file) ? "client" : "server";
    const names = readFileSync(join(CONTRACT, file), "utf8").matchAll(/\(\s*"rule (\d+): ([^\n]*)",/g);
    return [...names].map(([, rule, name]) => ({ rule: Number(rule), of, name: name!.replace(/ \(%.*\)$/, "") }));
  });
  return found.toSorted((a, b) => a.rule - b.rule);
}

/** The table of docs/comfyui.md. */
export function ruleTable(): string {
  const tests = ruleTests();
  const names = (rule: number, of: RuleTest["of"]) =>
    tests.flatMap((test) => (test.rule === rule && test.of === of ? [test.name] : [])).join("; ");
  const rows = Array.from({ length: RULES }, (_, at) => at + 1).map(
    (rule) => `| ${rule} | ${names(rule, "server")} | ${names(rule, "client")} |`,
  );
  return ["| rule | the server | our client |", "|---|---|---|", ...rows].join("\n");
}

/** What `/object_info` says of a node, read from the older spelling (the list itself) and the newer ("COMBO"). Pure. */
import { z } from "zod";

export type InputInfo =
  | { readonly kind: "choice"; readonly options: readonly unknown[] }
  | { readonly kind: "number"; readonly whole: boolean; readonly min: number; readonly max: number }
  /** Links, texts, and whatever later versions invent. `type` as the server calls it. */
  | { readonly kind: "other"; readonly type: string };

export type NodeInfo = {
  readonly required: Readonly<Record<string, InputInfo>>;
  readonly optional: Readonly<Record<string, InputInfo>>;
};

const ObjectShape = z.record(z.string(), z.unknown());
const SpecsShape = z.record(z.string(), z.tuple([z.unknown()], z.unknown()));
const NodeShape = z.looseObject({
  input: z.looseObject({ required: SpecsShape.nullish(), optional: SpecsShape.nullish() }).nullish(),
});
const ExtraShape = z.looseObject({
  options: z.array(z.unknown()).optional().catch(undefined),
  multiselect: z.boolean().optional().catch(undefined),
  min: z.number().optional().catch(undefined),
  max: z.number().optional().catch(undefined),
});

/** The entry of `classType` in an answer of `/object_info…`; undefined when the server has no such node. */
export function readNodeInfo(answer: unknown, classType: string): NodeInfo | undefined {
  const all = ObjectShape.safeParse(answer).data ?? {};
  if (!Object.hasOwn(all, classType)) return undefined;
  const { required, optional } = NodeShape.safeParse(all[classType]).data?.input ?? {};
  return { required: readSpecs(required ?? {}), optional: readSpecs(optional ?? {}) };
}

function readSpecs(specs: z.infer<typeof SpecsShape>): Readonly<Record<string, InputInfo>> {
  return Object.fromEntries(Object.entries(specs).map(([name, [type, extra]]) => [name, readSpec(type, extra)]));
}

function readSpec(type: unknown, extra: unknown): InputInfo {
  const { options, multiselect, min = -Infinity, max = Infinity } = ExtraShape.safeParse(extra).data ?? {};
  const list = Array.isArray(type) ? (type as readonly unknown[]) : type === "COMBO" ? options : undefined;
  // Several at once are a list, which is none of the options.
  if (list && multiselect !== true) return { kind: "choice", options: list };
  if (type === "INT" || type === "FLOAT") return { kind: "number", whole: type === "INT", min, max };
  return { kind: "other", type: typeof type === "string" ? type : "COMBO" };
}

/** Why ComfyUI refuses a prompt, in sentences a person can act on. Pure. */
import { z } from "zod";
import { suggest } from "../../../core/config/suggest.ts";
import { AppError } from "../../../core/errors.ts";
import { brief, labelOf, type PostedGraph } from "./answers.ts";

const SENTENCES_MAX = 4;

/** Where the files of a loader's input belong, below ComfyUI's own folder. */
const MODEL_FOLDERS: Readonly<Record<string, string>> = {
  unet_name: "models/diffusion_models",
  vae_name: "models/vae",
  clip_name: "models/text_encoders",
  clip_name1: "models/text_encoders",
  clip_name2: "models/text_encoders",
  clip_name3: "models/text_encoders",
  ckpt_name: "models/checkpoints",
  lora_name: "models/loras",
  control_net_name: "models/controlnet",
  style_model_name: "models/style_models",
  gligen_name: "models/gligen",
  hypernetwork_name: "models/hypernetworks",
};
const FOLDERS_BY_CLASS: Readonly<Record<string, string>> = {
  CLIPVisionLoader: "models/clip_vision",
  UpscaleModelLoader: "models/upscale_models",
  LoadBackgroundRemovalModel: "models/background_removal",
  LoadImage: "input",
};

/** Undefined when the input names no model file. */
export function modelFolder(classType: string, input: string): string | undefined {
  return FOLDERS_BY_CLASS[classType] ?? MODEL_FOLDERS[input];
}

/** `source` says its size and where to get it, where that is known. */
export function missingModel(
  file: string,
  where: string,
  folder: string,
  present: readonly string[] = [],
  source?: string,
): string {
  const name = baseOf(file).toLowerCase();
  const moved = present.find((other) => other.toLowerCase().endsWith(name));
  const stem = (text: string) => baseOf(text).replace(/\.[a-z0-9]+$/i, "");
  const nearStem = suggest(stem(file), present.map(stem));
  const near = present.find((other) => nearStem !== null && stem(other) === nearStem);
  const put = `put it into ComfyUI's ${folder}/${source === undefined ? "" : ` (${source})`}`;
  const meant = near === undefined ? "" : `, or did you mean "${near}", which is there`;
  const hint = moved === undefined ? `${put}${meant}` : `it has "${moved}", name that in the workflow`;
  const what = folder === "input" ? "picture" : "model file";
  return `The ${what} "${file}" that ${where} wants is not on the ComfyUI machine: ${hint}.`;
}

const baseOf = (file: string): string => file.slice(Math.max(file.lastIndexOf("/"), file.lastIndexOf("\\")) + 1);

const ObjectShape = z.record(z.string(), z.unknown());
const ErrorShape = z.looseObject({
  type: z.string().default(""),
  message: z.string().default(""),
  details: z.string().default(""),
  extra_info: ObjectShape.nullish(),
});
type NodeError = z.infer<typeof ErrorShape>;
const NodeErrorsShape = z.record(
  z.string(),
  z.looseObject({
    errors: z.array(ErrorShape).default([]),
    dependent_outputs: z.array(z.string()).default([]),
    class_type: z.string().default(""),
  }),
);
export type NodeErrors = z.infer<typeof NodeErrorsShape>;

/** ComfyUI sends `{}`, older ones `[]`, where there are none. */
export function readNodeErrors(answer: unknown): NodeErrors {
  return NodeErrorsShape.safeParse(ObjectShape.safeParse(answer).data?.node_errors).data ?? {};
}

/** The errors that keep `node` from giving its picture. */
export function errorsFor(errors: NodeErrors, node: string): NodeErrors {
  return Object.fromEntries(
    Object.entries(errors).filter(([id, { dependent_outputs }]) => id === node || dependent_outputs.includes(node)),
  );
}

/** A 400 of `POST /prompt`, or the node errors of a 200, as the error to throw. */
export function refusal(answer: unknown, errors: NodeErrors, graph: PostedGraph): AppError {
  const all = Object.entries(errors).flatMap(([id, node]) => node.errors.map((error) => ({ id, node, error })));
  const plateMissing = all.some(
    ({ error }) => error.type === "custom_validation_failed" && /image file/.test(error.details),
  );
  const sentences = [...new Set(all.map(({ id, node, error }) => sentence(id, node.class_type, error, graph)))];
  if (sentences.length === 0) sentences.push(wholeSentence(answer, graph));
  const more = sentences.length - SENTENCES_MAX;
  const message = [...sentences.slice(0, SENTENCES_MAX), ...(more > 0 ? [`And ${more} more.`] : [])].join(" ");
  // A plate that is gone can be sent again; everything else stays as it is until a person mends it.
  return new AppError(plateMissing ? "backend-failed" : "backend-rejected", message, {
    nodes: Object.keys(errors),
    unsure: false,
    ...(plateMissing ? { plateMissing } : {}),
  });
}

function sentence(id: string, classType: string, error: NodeError, graph: PostedGraph): string {
  const where = labelOf(graph, id);
  const input = error.extra_info?.input_name;
  const value = error.extra_info?.received_value;
  if (error.type === "value_not_in_list" && typeof input === "string") {
    const folder = modelFolder(classType, input);
    if (folder !== undefined && typeof value === "string") return missingModel(value, where, folder, optionsIn(error));
  }
  if (error.type === "custom_validation_failed" && /image file/.test(error.details))
    return `The plate that ${where} loads is no longer on the ComfyUI machine.`;
  const details = brief(error.details);
  const reason = [brief(error.message), details === input ? "" : details].filter((part) => part !== "").join(": ");
  return `ComfyUI refuses ${where}${typeof input === "string" ? `, input ${input}` : ""}: ${reason || error.type}.`;
}

function optionsIn(error: NodeError): readonly string[] {
  const [options] = z.tuple([z.array(z.string())], z.unknown()).safeParse(error.extra_info?.input_config).data ?? [[]];
  return options;
}

/** Refusals that concern no single node: a class nobody knows, a cycle, no output. */
function wholeSentence(answer: unknown, graph: PostedGraph): string {
  const error = ErrorShape.safeParse(ObjectShape.safeParse(answer).data?.error);
  if (!error.success) return "ComfyUI refuses the workflow without a reason.";
  const { type, message, details, extra_info } = error.data;
  const id = /#'?([^']+)'?/.exec(details)?.[1] ?? extra_info?.node_id;
  const unknown = /node (\S+) does not exist/i.exec(message)?.[1] ?? extra_info?.class_type;
  if ((type === "invalid_prompt" || type === "missing_node_type") && typeof unknown === "string") {
    const where = typeof id === "string" ? ` (${labelOf(graph, id)})` : "";
    return `This ComfyUI has no node "${unknown}"${where}: update it, or install the custom node.`;
  }
  const reason = [brief(message), brief(details)].filter((part) => part !== "").join(": ");
  return `ComfyUI refuses the workflow: ${reason || type}.`;
}

/** What each node does, with stand-ins for everything that needs a model. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Folders, nextName } from "./files.ts";
import { pythonJson } from "./json.ts";
import type { Control } from "./options.ts";
import { crop, decode, encodePng, kontextScale, type Picture, paint, resize, WARM, warped } from "./pixels.ts";
import type { GraphJson } from "./validate.ts";

/** Words and the picture they refer to, through all the nodes that only pass them on. */
type Conditioning = { readonly text: string; readonly reference?: Picture };

export type SavedImage = { readonly filename: string; readonly subfolder: string; readonly type: string };
export type Performed = {
  readonly values: readonly unknown[];
  readonly images?: readonly SavedImage[];
  /** The id it ran under, which the history keeps naming when another graph is answered from the cache. */
  readonly node?: string;
};

/** What a node's code raised, as execution_error tells it. */
export class NodeError extends Error {
  readonly type: string;
  constructor(type: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.type = type;
  }
}

export type Stage = {
  readonly control: Control;
  readonly folders: Folders;
  readonly graph: GraphJson;
  readonly extra: Readonly<Record<string, unknown>>;
  readonly alive: () => boolean;
  /** Runs the steps of a sampler: progress, previews, interrupts. */
  readonly sample: (steps: number, picture: Picture, totalMs?: number) => Promise<void>;
};

export const SAMPLERS: ReadonlySet<string> = new Set(["KSampler", "SamplerCustomAdvanced", "LabSteps"]);
const BLOCK = 8;

/** Runs one node; `inputs` has its links already followed. */
export async function perform(
  classType: string,
  inputs: Readonly<Record<string, unknown>>,
  stage: Stage,
): Promise<Performed> {
  const given = <T>(name: string) => inputs[name] as T;
  switch (classType) {
    case "LoadImage":
      return { values: [await load(stage, given<string>("image")), undefined] };
    case "SaveImage":
      return save(stage, requirePicture(inputs.images), "output", given<string>("filename_prefix"));
    case "PreviewImage":
      return save(stage, requirePicture(inputs.images), "temp", "ComfyUI_temp_hotgr");
    case "EmptyImage":
      return { values: [emptyImage(inputs)] };
    case "ImageInvert":
      return { values: [invert(requirePicture(inputs.image))] };
    case "ImageScale":
      return { values: [await scale(requirePicture(inputs.image), inputs)] };
    case "FluxKontextImageScale":
      return { values: [await kontextScale(requirePicture(inputs.image))] };
    case "GetImageSize": {
      const { width, height } = requirePicture(inputs.image);
      return { values: [width, height, 1] };
    }
    case "LabSteps": {
      const [plate, steps] = [requirePicture(inputs.image), given<number>("steps")];
      await stage.sample(steps, plate, steps * given<number>("step_ms"));
      return { values: [plate] };
    }
    case "LabFail":
      throw labError(given<string>("message"));
    case "ImageBlur":
      return { values: [requirePicture(inputs.image)] };
    case "VAEEncode":
      return { values: [inBlocks(requirePicture(inputs.pixels))] };
    case "VAEDecode":
      return { values: [warped(given<Picture>("samples"), stage.control.flaws.warp ?? 0)] };
    case "EmptyFlux2LatentImage":
      return { values: [emptyImage({ ...inputs, color: 0 })] };
    case "CLIPTextEncode":
      return { values: [{ text: given<string>("text") } satisfies Conditioning] };
    case "TextEncodeQwenImageEditPlus": {
      const reference = given<Picture | undefined>("image1");
      return {
        values: [{ text: given<string>("prompt"), ...(reference ? { reference } : {}) } satisfies Conditioning],
      };
    }
    case "ConditioningZeroOut":
      return { values: [{ ...given<Conditioning>("conditioning"), text: "" }] };
    case "ReferenceLatent":
      return { values: [{ ...given<Conditioning>("conditioning"), reference: given<Picture>("latent") }] };
    case "FluxGuidance":
    case "FluxKontextMultiReferenceLatentMethod":
    case "BasicGuider":
      return { values: [given<Conditioning>("conditioning")] };
    case "CFGGuider":
      return { values: [given<Conditioning>("positive")] };
    case "RandomNoise":
      return { values: [given<number>("noise_seed")] };
    case "Flux2Scheduler":
      return { values: [given<number>("steps")] };
    case "KSampler": {
      const [seed, steps, denoise] = [given<number>("seed"), given<number>("steps"), given<number>("denoise")];
      const sampled = await sampler(stage, given("positive"), given("latent_image"), seed, steps, denoise);
      return { values: [sampled] };
    }
    case "SamplerCustomAdvanced": {
      const [seed, steps] = [given<number>("noise"), given<number>("sigmas")];
      const sampled = await sampler(stage, given("guider"), given("latent_image"), seed, steps, 1);
      return { values: [sampled, sampled] };
    }
    default:
      return { values: [classType] }; // loaders and the like: what they give is only passed on
  }
}

function labError(message: string): NodeError {
  if (message !== "oom") return new NodeError("RuntimeError", `${message}\n`);
  const what = "This error means you ran out of memory on your GPU.";
  const tips = "TIPS: If the workflow worked before you might have accidentally set the batch_size to a large number.";
  return new NodeError("torch.OutOfMemoryError", `Allocation on device ${message}\n${what}\n\n${tips}`);
}

async function sampler(
  { control, sample }: Stage,
  { text, reference }: Conditioning,
  latent: Picture,
  seed: number,
  steps: number,
  denoise: number,
): Promise<Picture> {
  const plate = await resize(reference ?? latent, latent.width, latent.height);
  await sample(steps, plate);
  if (control.faults.take("black-picture")) return { ...plate, values: new Float32Array(plate.values.length) };
  const look = typeof control.look === "function" ? control.look(text, seed) : control.look;
  return paint(plate, look ?? WARM, denoise, seed, control.flaws);
}

async function load({ folders }: Stage, name: string): Promise<Picture> {
  const path = folders.locate(name);
  if (!existsSync(path)) throw new NodeError("FileNotFoundError", `[Errno 2] No such file or directory: '${path}'`);
  try {
    return await decode(readFileSync(path));
  } catch (thrown) {
    throw new NodeError("PIL.UnidentifiedImageError", `cannot identify image file '${path}'\n`, thrown);
  }
}

async function save(stage: Stage, picture: Picture, type: "output" | "temp", prefix: string): Promise<Performed> {
  let place: ReturnType<typeof nextName>;
  try {
    place = nextName(stage.folders.path(type), prefix.replaceAll("%batch_num%", "0"), picture);
  } catch (thrown) {
    throw new NodeError("Exception", thrown instanceof Error ? thrown.message : String(thrown), thrown);
  }
  const filename = `${place.stem}_${String(place.counter).padStart(5, "0")}_.png`;
  const info = stage.extra.extra_pnginfo as Record<string, unknown> | undefined;
  const texts = Object.entries({ prompt: stage.graph, ...info }).map(([key, value]) => [key, pythonJson(value)]);
  const png = await encodePng(picture, Object.fromEntries(texts), stage.control.options.compressionLevel);
  if (!stage.alive()) return { values: [] }; // the server was killed meanwhile
  if (!stage.control.faults.on("lose-output")) writeFileSync(join(place.folder, filename), png);
  return { values: [], images: [{ filename, subfolder: place.subfolder, type }] };
}

function emptyImage(inputs: Readonly<Record<string, unknown>>): Picture {
  const [width, height, color] = [inputs.width as number, inputs.height as number, inputs.color as number];
  const channels = [(color >> 16) / 255, ((color >> 8) & 255) / 255, (color & 255) / 255];
  return { width, height, values: Float32Array.from({ length: 3 * width * height }, (_, at) => channels[at % 3]!) };
}

function invert({ width, height, values }: Picture): Picture {
  return { width, height, values: values.map((v) => 1 - v) };
}

async function scale(picture: Picture, inputs: Readonly<Record<string, unknown>>): Promise<Picture> {
  let [width, height] = [inputs.width as number, inputs.height as number];
  if (width === 0 && height === 0) return picture;
  if (width === 0) width = Math.max(1, Math.round((picture.width * height) / picture.height));
  if (height === 0) height = Math.max(1, Math.round((picture.height * width) / picture.width));
  if (inputs.crop !== "center") return resize(picture, width, height);
  const [before, after] = [picture.width / picture.height, width / height];
  const x = before > after ? Math.round((picture.width - picture.width * (after / before)) / 2) : 0;
  const y = before < after ? Math.round((picture.height - picture.height * (before / after)) / 2) : 0;
  return resize(crop(picture, x, y, picture.width - 2 * x, picture.height - 2 * y), width, height);
}

/** An autoencoder sees whole blocks only, and crops the rest from the edges. */
function inBlocks(picture: Picture): Picture {
  const [width, height] = [picture.width - (picture.width % BLOCK), picture.height - (picture.height % BLOCK)];
  return crop(
    picture,
    Math.floor((picture.width % BLOCK) / 2),
    Math.floor((picture.height % BLOCK) / 2),
    width,
    height,
  );
}

function requirePicture(value: unknown): Picture {
  if (typeof value === "object" && value !== null && "values" in value) return value as Picture;
  throw new NodeError("TypeError", `unsupported operand type(s) for -: 'float' and '${typeof value}'`);
}

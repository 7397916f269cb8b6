/** The node classes a stand-in ComfyUI knows, as its /object_info describes them. */
import type { ComfyuiOptions, Models } from "./options.ts";

type Extra = Readonly<Record<string, unknown>>;
/** Type name or list of choices, and its bounds. */
export type InputInfo = readonly [type: string | readonly string[], extra?: Extra];
type Inputs = Readonly<Record<string, InputInfo>>;
export type NodeInfo = {
  readonly required: Inputs;
  readonly optional?: Inputs;
  readonly output: readonly string[];
  readonly outputNode?: boolean;
  readonly displayName?: string;
  readonly hidden?: Readonly<Record<string, string>>;
};
export type Catalogue = ReadonlyMap<string, NodeInfo>;

const SAMPLERS =
  "euler euler_cfg_pp euler_ancestral euler_ancestral_cfg_pp heun heunpp2 dpm_2 dpm_2_ancestral lms dpm_fast dpm_adaptive dpmpp_2s_ancestral dpmpp_2s_ancestral_cfg_pp dpmpp_sde dpmpp_sde_gpu dpmpp_2m dpmpp_2m_cfg_pp dpmpp_2m_sde dpmpp_2m_sde_gpu dpmpp_2m_sde_heun dpmpp_2m_sde_heun_gpu dpmpp_3m_sde dpmpp_3m_sde_gpu ddpm lcm ipndm ipndm_v deis res_multistep res_multistep_cfg_pp res_multistep_ancestral res_multistep_ancestral_cfg_pp gradient_estimation gradient_estimation_cfg_pp er_sde seeds_2 seeds_3 sa_solver sa_solver_pece ddim uni_pc uni_pc_bh2".split(
    " ",
  );
const SCHEDULERS = "simple sgm_uniform karras exponential ddim_uniform beta normal linear_quadratic kl_optimal".split(
  " ",
);
const SCALERS = ["nearest-exact", "bilinear", "area", "bicubic", "lanczos"];
const WEIGHTS = ["default", "fp8_e4m3fn", "fp8_e4m3fn_fast", "fp8_e5m2"];

export const MODELS: Models = {
  diffusion_models: [
    "flux-2-klein-4b-fp8.safetensors",
    "flux1-dev-kontext_fp8_scaled.safetensors",
    "flux2_dev_fp8mixed.safetensors",
    "qwen_image_edit_2511_bf16.safetensors",
  ],
  text_encoders: [
    "clip_l.safetensors",
    "mistral_3_small_flux2_bf16.safetensors",
    "qwen_2.5_vl_7b_fp8_scaled.safetensors",
    "qwen_3_4b.safetensors",
    "t5xxl_fp8_e4m3fn_scaled.safetensors",
  ],
  vae: ["ae.safetensors", "flux2-vae.safetensors", "qwen_image_vae.safetensors"],
};

/** Folders /models lists besides those of `Models`. */
export const MODEL_FOLDERS =
  "checkpoints configs loras vae text_encoders diffusion_models clip_vision style_models embeddings diffusers vae_approx controlnet gligen upscale_models custom_nodes hypernetworks photomaker classifiers model_patches audio_encoders".split(
    " ",
  );

const int = (value: number, min: number, max: number, step?: number): InputInfo => [
  "INT",
  { default: value, min, max, ...(step === undefined ? {} : { step }) },
];
const float = (value: number, min: number, max: number, step: number): InputInfo => [
  "FLOAT",
  { default: value, min, max, step },
];
const text: InputInfo = ["STRING", { multiline: true, dynamicPrompts: true }];
const seed: InputInfo = ["INT", { default: 0, min: 0, max: 2 ** 64, control_after_generate: true }];
const image: InputInfo = ["IMAGE"];
const saved: InputInfo = ["IMAGE", { tooltip: "The images to save." }];
const HIDDEN = { prompt: "PROMPT", extra_pnginfo: "EXTRA_PNGINFO" };

export function catalogue(options: ComfyuiOptions): Catalogue {
  const models: Models = { ...MODELS, ...options.models };
  const nodes: Record<string, NodeInfo> = {
    LoadImage: {
      required: { image: [[], { image_upload: true }] },
      output: ["IMAGE", "MASK"],
      displayName: "Load Image",
    },
    SaveImage: {
      required: { images: saved, filename_prefix: ["STRING", { default: "ComfyUI" }] },
      output: [],
      outputNode: true,
      displayName: "Save Image",
      hidden: HIDDEN,
    },
    PreviewImage: {
      required: { images: image },
      output: [],
      outputNode: true,
      displayName: "Preview Image",
      hidden: HIDDEN,
    },
    EmptyImage: {
      required: {
        width: int(512, 1, 16384, 1),
        height: int(512, 1, 16384, 1),
        batch_size: int(1, 1, 4096),
        color: int(0, 0, 0xffffff, 1),
      },
      output: ["IMAGE"],
    },
    ImageInvert: { required: { image }, output: ["IMAGE"], displayName: "Invert Image" },
    ImageScale: {
      required: {
        image,
        upscale_method: [SCALERS],
        width: int(512, 0, 16384, 1),
        height: int(512, 0, 16384, 1),
        crop: [["disabled", "center"]],
      },
      output: ["IMAGE"],
      displayName: "Upscale Image",
    },
    FluxKontextImageScale: { required: { image }, output: ["IMAGE"] },
    GetImageSize: { required: { image }, output: ["INT", "INT", "INT"] },
    ...besides(),
    ...loaders(models),
    ...conditioning(),
    ...sampling(),
    ...(options.labNodes ? laboratory() : {}),
  };
  const missing = new Set(options.missingNodes ?? []);
  return new Map(Object.entries(nodes).filter(([name]) => !missing.has(name)));
}

/** What the examples for edits that are no grade use. */
function besides(): Record<string, NodeInfo> {
  const mask: InputInfo = ["MASK"];
  return {
    PrimitiveStringMultiline: { required: { value: ["STRING", { multiline: true }] }, output: ["STRING"] },
    UpscaleModelLoader: { required: { model_name: [["RealESRGAN_x4plus.safetensors"]] }, output: ["UPSCALE_MODEL"] },
    ImageUpscaleWithModel: { required: { upscale_model: ["UPSCALE_MODEL"], image }, output: ["IMAGE"] },
    LoadBackgroundRemovalModel: {
      required: { bg_removal_name: [["birefnet.safetensors"]] },
      output: ["BACKGROUND_REMOVAL_MODEL"],
    },
    RemoveBackground: { required: { image, bg_removal_model: ["BACKGROUND_REMOVAL_MODEL"] }, output: ["MASK"] },
    InvertMask: { required: { mask }, output: ["MASK"] },
    JoinImageWithAlpha: { required: { image, alpha: mask }, output: ["IMAGE"] },
  };
}

/** Of the recordings, and one core node that nothing else here needs. */
function laboratory(): Record<string, NodeInfo> {
  const strength = float(1, 0, 10, 0.01);
  const noise = float(0, 0, 255, 0.1);
  return {
    LabSteps: {
      required: { image, text, strength, seed, steps: int(4, 1, 10000), step_ms: int(100, 0, 600000), noise },
      output: ["IMAGE"],
    },
    LabFail: { required: { image, message: ["STRING", {}] }, output: ["IMAGE"] },
    ImageBlur: { required: { image, blur_radius: int(1, 1, 31, 1), sigma: float(1, 0.1, 10, 0.1) }, output: ["IMAGE"] },
  };
}

function loaders(models: Models): Record<string, NodeInfo> {
  const device: InputInfo = [["default", "cpu"], { advanced: true }];
  return {
    UNETLoader: { required: { unet_name: [models.diffusion_models], weight_dtype: [WEIGHTS] }, output: ["MODEL"] },
    VAELoader: { required: { vae_name: [[...models.vae, "pixel_space"]] }, output: ["VAE"] },
    CLIPLoader: {
      required: { clip_name: [models.text_encoders], type: [["stable_diffusion", "sd3", "qwen_image", "flux2"]] },
      optional: { device },
      output: ["CLIP"],
    },
    DualCLIPLoader: {
      required: {
        clip_name1: [models.text_encoders],
        clip_name2: [models.text_encoders],
        type: [["sdxl", "sd3", "flux", "hunyuan_video", "hidream"]],
      },
      optional: { device },
      output: ["CLIP"],
    },
  };
}

function conditioning(): Record<string, NodeInfo> {
  const some: InputInfo = ["CONDITIONING"];
  const picture: InputInfo = ["IMAGE"];
  return {
    CLIPTextEncode: { required: { text, clip: ["CLIP"] }, output: ["CONDITIONING"] },
    TextEncodeQwenImageEditPlus: {
      required: { clip: ["CLIP"], prompt: text },
      optional: { vae: ["VAE"], image1: picture, image2: picture, image3: picture },
      output: ["CONDITIONING"],
    },
    ConditioningZeroOut: { required: { conditioning: some }, output: ["CONDITIONING"] },
    FluxGuidance: { required: { conditioning: some, guidance: float(3.5, 0, 100, 0.1) }, output: ["CONDITIONING"] },
    ReferenceLatent: { required: { conditioning: some }, optional: { latent: ["LATENT"] }, output: ["CONDITIONING"] },
    FluxKontextMultiReferenceLatentMethod: {
      required: {
        conditioning: some,
        reference_latents_method: [["offset", "index", "uxo/uno", "index_timestep_zero"]],
      },
      output: ["CONDITIONING"],
    },
    ModelSamplingAuraFlow: { required: { model: ["MODEL"], shift: float(1.73, 0, 100, 0.01) }, output: ["MODEL"] },
    CFGNorm: { required: { model: ["MODEL"], strength: float(1, 0, 100, 0.01) }, output: ["MODEL"] },
  };
}

function sampling(): Record<string, NodeInfo> {
  const positive: InputInfo = ["CONDITIONING"];
  const size = int(1024, 16, 16384, 1);
  return {
    VAEEncode: { required: { pixels: ["IMAGE"], vae: ["VAE"] }, output: ["LATENT"] },
    VAEDecode: { required: { samples: ["LATENT"], vae: ["VAE"] }, output: ["IMAGE"] },
    EmptyFlux2LatentImage: { required: { width: size, height: size, batch_size: int(1, 1, 4096) }, output: ["LATENT"] },
    Flux2Scheduler: { required: { steps: int(20, 1, 4096), width: size, height: size }, output: ["SIGMAS"] },
    KSamplerSelect: { required: { sampler_name: [SAMPLERS] }, output: ["SAMPLER"] },
    RandomNoise: { required: { noise_seed: seed }, output: ["NOISE"] },
    BasicGuider: { required: { model: ["MODEL"], conditioning: positive }, output: ["GUIDER"] },
    CFGGuider: {
      required: { model: ["MODEL"], positive, negative: positive, cfg: float(8, 0, 100, 0.1) },
      output: ["GUIDER"],
    },
    SamplerCustomAdvanced: {
      required: {
        noise: ["NOISE"],
        guider: ["GUIDER"],
        sampler: ["SAMPLER"],
        sigmas: ["SIGMAS"],
        latent_image: ["LATENT"],
      },
      output: ["LATENT", "LATENT"],
    },
    KSampler: {
      required: {
        model: ["MODEL"],
        seed,
        steps: int(20, 1, 10000),
        cfg: float(8, 0, 100, 0.1),
        sampler_name: [SAMPLERS],
        scheduler: [SCHEDULERS],
        positive,
        negative: positive,
        latent_image: ["LATENT"],
        denoise: float(1, 0, 1, 0.01),
      },
      output: ["LATENT"],
    },
  };
}

/** One class as /object_info shows it. */
export function describeNode(name: string, info: NodeInfo, inputNames: readonly string[]): Record<string, unknown> {
  const required = name === "LoadImage" ? { image: [inputNames, { image_upload: true }] } : info.required;
  const { optional, hidden, output } = info;
  return {
    input: { required, ...(optional ? { optional } : {}), ...(hidden ? { hidden } : {}) },
    input_order: {
      required: Object.keys(required),
      ...(optional ? { optional: Object.keys(optional) } : {}),
      ...(hidden ? { hidden: Object.keys(hidden) } : {}),
    },
    output,
    output_is_list: output.map(() => false),
    output_name: output,
    name,
    display_name: info.displayName ?? name,
    description: "",
    python_module: "nodes",
    category: "image",
    output_node: info.outputNode ?? false,
  };
}

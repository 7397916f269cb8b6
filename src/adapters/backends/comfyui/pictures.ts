/** Plates up, pictures down. Nothing counts as moved before its length was compared. */
import { Blob } from "node:buffer";
import { FormData } from "undici";
import { z } from "zod";
import { AppError } from "../../../core/errors.ts";
import type { Backend, Files, PictureRef } from "../../../ports.ts";
import { viewQuery } from "./answers.ts";
import { type Answer, type Http, notComfyUi } from "./http.ts";
import { isPng, isWholePng } from "./png.ts";

export const PLATE_BYTES_MAX = 64 * 1024 * 1024;
const PICTURE_BYTES_MAX = 512 * 1024 * 1024;
const PLAIN = /^[A-Za-z0-9_][A-Za-z0-9._-]*(\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/;

const UploadShape = z.looseObject({ name: z.string(), subfolder: z.string(), type: z.string() });

type Upload = { readonly folder: string; readonly name: string; readonly bytes: Buffer };

export type Transfers = {
  put: Backend["put"];
  picture: Backend["picture"];
  /** Uploads bytes unless they lie there whole already; gives `folder/name`. */
  upload(upload: Upload, signal?: AbortSignal): Promise<string>;
  download(name: string, signal?: AbortSignal): Promise<Buffer>;
  /** Is a file there, at any length? */
  isThere(name: string, signal?: AbortSignal): Promise<boolean>;
  /** The pictures an earlier run left under a prefix: files survive a restart that the history does not. */
  salvage(prefix: string, signal?: AbortSignal): Promise<readonly PictureRef[]>;
};

type Wiring = { readonly http: Http; readonly files: Files; readonly url: string; readonly transferMs: number };

export function moveFiles(wiring: Wiring): Transfers {
  const { files } = wiring;
  return {
    upload: (plate, signal) => upload(wiring, plate, signal),
    download: (name, signal) => download(wiring, name, signal),
    salvage: (prefix, signal) => salvage(wiring, prefix, signal),
    isThere: async (name, signal) => (await lengthOf(wiring, name, signal)) !== undefined,
    async put(plate, signal) {
      const bytes = await files.read(plate.file, PLATE_BYTES_MAX);
      if (bytes.length !== plate.sizeBytes)
        throw new AppError("file-failed", `The plate has ${bytes.length} bytes, not ${plate.sizeBytes}.`);
      return await upload(wiring, { folder: plate.folder, name: `${plate.sha256}.png`, bytes }, signal);
    },
    async picture(_submission, ref, to, signal) {
      await files.writeAtomic(to, await download(wiring, ref.name, signal));
    },
  };
}

async function upload(wiring: Wiring, { folder, name, bytes }: Upload, signal?: AbortSignal): Promise<string> {
  const { http, url, transferMs } = wiring;
  const place = `${folder}/${name}`;
  if (!PLAIN.test(place)) throw new AppError("internal", `"${place}" is not a plain name for a plate`);
  // The name is made of the bytes' hash. Writing it again while a job reads it would show that job half a plate.
  if ((await lengthOf(wiring, `${place} [input]`, signal)) === bytes.length) return place;

  const form = new FormData();
  form.set("image", new Blob([new Uint8Array(bytes)], { type: "image/png" }), name);
  form.set("subfolder", folder);
  form.set("overwrite", "true");
  const answer = await http.json("/upload/image", { method: "POST", form, timeoutMs: transferMs, signal });
  const reply = UploadShape.safeParse(answer).data;
  if (!reply) throw notComfyUi(`${url} answers an upload with other JSON`, { url });
  if (reply.name !== name || reply.subfolder !== folder)
    throw new AppError("backend-failed", `ComfyUI stored the plate as ${reply.subfolder}/${reply.name}.`, { place });
  const stored = (await lengthOf(wiring, `${place} [input]`, signal)) ?? 0;
  if (stored === bytes.length) return place;
  const message = `The plate reached ComfyUI cut short: ${stored} of ${bytes.length} bytes; it is sent again.`;
  throw new AppError("backend-failed", message, { place, stored, sizeBytes: bytes.length });
}

/** The length of a file over there; undefined when it is absent. */
async function lengthOf({ http, transferMs }: Wiring, name: string, signal?: AbortSignal): Promise<number | undefined> {
  const query = viewQuery(name);
  const head = await http.exchange(query, { method: "HEAD", accept: [404, 405], signal });
  if (head.status === 404) return undefined;
  if (head.status === 200 && head.lengthBytes !== null) return head.lengthBytes;
  // Something between us and ComfyUI took the length, or HEAD itself, away: count the bytes themselves.
  const request = { accept: [404], timeoutMs: transferMs, bytesMax: PICTURE_BYTES_MAX, signal };
  const whole = await http.exchange(query, request);
  return whole.status === 404 ? undefined : whole.body.length;
}

/** A file over there; status 404 when it is absent. */
async function view({ http, transferMs }: Wiring, name: string, signal?: AbortSignal): Promise<Answer> {
  const request = { accept: [404], timeoutMs: transferMs, bytesMax: PICTURE_BYTES_MAX, signal };
  let answer: Answer;
  try {
    answer = await http.exchange(viewQuery(name), request);
  } catch (thrown) {
    const cut = thrown instanceof AppError && thrown.data.part === "body" && thrown.data.timeoutMs === undefined;
    throw cut ? new AppError("picture-incomplete", `The download of ${name} broke off.`, { name }, thrown) : thrown;
  }
  const { lengthBytes, body } = answer;
  if (lengthBytes === null || lengthBytes === body.length) return answer;
  const message = `${name} came cut short: ${body.length} of ${lengthBytes} bytes.`;
  throw new AppError("picture-incomplete", message, { name });
}

async function download(wiring: Wiring, name: string, signal?: AbortSignal): Promise<Buffer> {
  const { status, body, contentType } = await view(wiring, name, signal);
  const data = { name };
  if (status === 404)
    throw new AppError("backend-lost", `The picture ${name} is no longer on the ComfyUI machine.`, data);
  if (isWholePng(body)) return body;
  if (/html/.test(contentType)) throw notComfyUi(`${wiring.url} answers /view with a web page`, data);
  if (body.length === 0 || isPng(body))
    throw new AppError("picture-incomplete", `The file ${name} on the ComfyUI machine is cut short.`, data);
  const saves = contentType === "" ? "no PNG" : contentType;
  throw new AppError("backend-failed", `The workflow saves ${saves}; it must end in a SaveImage node.`, data);
}

async function salvage(wiring: Wiring, prefix: string, signal?: AbortSignal): Promise<readonly PictureRef[]> {
  const result = `${prefix}_00001_.png`;
  const baseline = `${prefix}-baseline_00001_.png`;
  const isThere = async (name: string) => isWholePng((await view(wiring, name, signal)).body);
  if (!(await isThere(result))) return [];
  const second: PictureRef[] = (await isThere(baseline)) ? [{ slot: "baseline", name: baseline }] : [];
  return [{ slot: "result", name: result }, ...second];
}

/** GET /view: files with ranges, conditions and recoding, or cut short on command. */
import { readFileSync, statSync } from "node:fs";
import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import sharp from "sharp";
import { contentType, type Folders, findView } from "./files.ts";
import type { Control } from "./options.ts";

type View = {
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly head: boolean;
};

export async function sendView(
  view: View,
  response: ServerResponse,
  folders: Folders,
  control: Control,
): Promise<void> {
  const { query, headers, head } = view;
  const found = findView(folders, query);
  if (found.kind === "none") {
    response.writeHead(found.status, head ? {} : { "Content-Length": 0 }).end();
    return;
  }
  if (!head) control.counts.views.push(found.name);
  const named = { "Content-Disposition": `filename="${found.name}"` };
  const recoded = await recode(readFileSync(found.path), query);
  if (recoded) {
    const length = { "Content-Type": recoded.type, "Content-Length": recoded.bytes.length };
    response.writeHead(200, { ...named, ...length }).end(recoded.bytes);
    return;
  }
  const { mtimeNs, mtime, size } = statSync(found.path, { bigint: true });
  const etag = `"${mtimeNs.toString(16)}-${size.toString(16)}"`;
  const kept = { ...named, "Content-Type": contentType(found.name), Etag: etag, "Last-Modified": mtime.toUTCString() };
  const since = Date.parse(headers["if-modified-since"] ?? "");
  const unchanged = headers["if-none-match"]
    ? headers["if-none-match"] === etag
    : since >= Math.floor(mtime.getTime() / 1000) * 1000;
  if (unchanged) {
    response.writeHead(304, kept).end();
    return;
  }
  let bytes = readFileSync(found.path);
  if (!head && control.faults.take("truncated-view")) bytes = bytes.subarray(0, bytes.length >> 1);
  const range = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? "");
  const [start, end] = range
    ? [Number(range[1]), Math.min(Number(range[2] || Infinity), bytes.length - 1)]
    : [0, bytes.length - 1];
  const part = bytes.subarray(start, end + 1);
  const length = { "Content-Length": part.length, "Accept-Ranges": "bytes" };
  const where = range ? { "Content-Range": `bytes ${start}-${end}/${bytes.length}` } : {};
  response.writeHead(range ? 206 : 200, { ...kept, ...length, ...where });
  if (head) response.end();
  else if (control.faults.take("cut-view"))
    response.write(part.subarray(0, part.length >> 1), () => response.destroy());
  else response.end(part);
}

async function recode(bytes: Buffer, query: URLSearchParams): Promise<{ type: string; bytes: Buffer } | undefined> {
  const [preview, channel] = [query.get("preview"), query.get("channel")];
  if (preview !== null) {
    const [format, quality = "90"] = preview.split(";");
    const options = { quality: Number(quality) };
    if (format === "jpeg") return { type: "image/jpeg", bytes: await sharp(bytes).jpeg(options).toBuffer() };
    return { type: "image/webp", bytes: await sharp(bytes).webp(options).toBuffer() };
  }
  if (channel === "rgb") return { type: "image/png", bytes: await sharp(bytes).removeAlpha().png().toBuffer() };
  if (channel === "a") return { type: "image/png", bytes: await sharp(bytes).ensureAlpha().png().toBuffer() };
  return undefined;
}

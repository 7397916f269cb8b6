/** multipart/form-data, as far as an upload needs it. */

export type Part = { readonly name: string; readonly filename?: string; readonly bytes: Buffer };

const BREAK = Buffer.from("\r\n\r\n");

/** The parts of a body; undefined where it is no multipart body at all. Throws where the end is missing. */
export function parseMultipart(contentType: string, body: Buffer): readonly Part[] | undefined {
  const boundary = /^multipart\/form-data;.*boundary="?([^";]+)"?/i.exec(contentType)?.[1];
  if (boundary === undefined) return undefined;
  const delimiter = Buffer.from(`--${boundary}`);
  const parts: Part[] = [];
  let at = body.indexOf(delimiter);
  while (at >= 0) {
    const start = at + delimiter.length;
    if (body.subarray(start, start + 2).toString() === "--") return parts;
    const end = body.indexOf(Buffer.concat([Buffer.from("\r\n"), delimiter]), start);
    const header = body.indexOf(BREAK, start);
    if (end < 0 || header < 0) break;
    parts.push(
      partOf(
        body.subarray(start, header).toString("utf8"),
        body.subarray(header + BREAK.length, Math.max(header + BREAK.length, end)),
      ),
    );
    at = end + 2;
  }
  throw new Error("the body has no end boundary");
}

function partOf(header: string, bytes: Buffer): Part {
  const disposition = /content-disposition:([^\r\n]*)/i.exec(header)?.[1] ?? "";
  const name = /[;\s]name="([^"]*)"/i.exec(disposition)?.[1] ?? "";
  const filename = /[;\s]filename="([^"]*)"/i.exec(disposition)?.[1];
  return { name, ...(filename === undefined ? {} : { filename }), bytes };
}

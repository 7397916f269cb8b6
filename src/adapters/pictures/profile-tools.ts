/** What a Lightroom profile needs that the core has not: MD5 and zlib; and the group it is listed in. */
import { createHash } from "node:crypto";
import { deflateSync } from "node:zlib";
import type { ProfileTools } from "../../core/lut/lightroom.ts";

export const PROFILE_GROUP = "hotgrade";

export const PROFILE_TOOLS: ProfileTools = {
  md5: (bytes) => createHash("md5").update(bytes).digest("hex"),
  deflate: (bytes) => deflateSync(bytes),
};

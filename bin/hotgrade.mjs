#!/usr/bin/env node
// Starts hotgrade, with the Node 24 that `npm ci` brought where the running one is too old.
import * as modules from "node:module";
import { fileURLToPath } from "node:url";
import { isNewEnough, runWithBundledNode } from "./node.mjs";

// Compiled code is kept beside the packages, which shortens the next start; the variable tells the picture workers.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL("../node_modules/.cache/node", import.meta.url));
modules.enableCompileCache?.();

const main = new URL("../src/main.ts", import.meta.url);
if (isNewEnough(process.versions.node)) await import(main.href);
else runWithBundledNode(fileURLToPath(main), process.argv.slice(2));

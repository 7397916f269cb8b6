#!/usr/bin/env node
// Starts hotgrade, with the Node 24 that `npm ci` brought where the running one is too old.
import { fileURLToPath } from "node:url";
import { isNewEnough, runWithBundledNode } from "./node.mjs";

const main = new URL("../src/main.ts", import.meta.url);
if (isNewEnough(process.versions.node)) await import(main.href);
else runWithBundledNode(fileURLToPath(main), process.argv.slice(2));

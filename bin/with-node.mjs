// Runs any script with a Node new enough for hotgrade: `node bin/with-node.mjs SCRIPT [ARGUMENT…]`.
import { pathToFileURL } from "node:url";
import { isNewEnough, runWithBundledNode } from "./node.mjs";

const [script, ...args] = process.argv.slice(2);
if (isNewEnough(process.versions.node)) {
  process.argv = [process.argv[0], script, ...args];
  await import(pathToFileURL(script).href);
} else runWithBundledNode(script, args);

// Writes what is made from the config's grammar: config/schema.json, and the table in docs/configuration.md.
// Run after a change of src/core/config/schema.ts: `node bin/with-node.mjs bin/write-schema.mjs`.
import { readFileSync, writeFileSync } from "node:fs";

const { fieldTable } = await import("../src/core/config/fields.ts");
const { jsonSchema } = await import("../src/core/config/schema.ts");

writeFileSync(new URL("../config/schema.json", import.meta.url), jsonSchema());

const docs = new URL("../docs/configuration.md", import.meta.url);
const text = readFileSync(docs, "utf8");
const table = /(<!-- keys -->\n)[\s\S]*?(<!-- \/keys -->)/;
if (!table.test(text)) throw new Error("docs/configuration.md has lost its <!-- keys --> … <!-- /keys --> marks");
writeFileSync(
  docs,
  text.replace(table, (_all, start, end) => `${start}\n${fieldTable()}\n\n${end}`),
);

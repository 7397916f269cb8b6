// Writes what is made from the code: config/schema.json, the table in docs/configuration.md, the table in docs/errors.md.
// Run after a change of src/core/config/schema.ts or src/core/errors.ts: `npm run write-docs`.
import { readFileSync, writeFileSync } from "node:fs";

const { errorTable } = await import("../src/core/errors.ts");
const { fieldTable } = await import("../src/core/config/fields.ts");
const { jsonSchema } = await import("../src/core/config/schema.ts");

writeFileSync(new URL("../config/schema.json", import.meta.url), jsonSchema());
writeTable("../docs/configuration.md", "keys", fieldTable());
writeTable("../docs/errors.md", "codes", errorTable());

/** Puts the table between <!-- mark --> and <!-- /mark -->. */
function writeTable(path, mark, table) {
  const file = new URL(path, import.meta.url);
  const text = readFileSync(file, "utf8");
  const place = new RegExp(`(<!-- ${mark} -->\n)[\\s\\S]*?(<!-- /${mark} -->)`);
  if (!place.test(text)) throw new Error(`${path} has lost its <!-- ${mark} --> … <!-- /${mark} --> marks`);
  writeFileSync(
    file,
    text.replace(place, (_all, start, end) => `${start}\n${table}\n\n${end}`),
  );
}

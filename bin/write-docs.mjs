// Writes what is made from the code: config/schema.json and the tables in docs/configuration.md, docs/errors.md, docs/comfyui.md
// and workflows/README.md. Run after a change of src/core/config/schema.ts, src/core/errors.ts, a workflow's notes or the names
// of tests of ComfyUI's rules: `npm run write-docs`.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

const { errorTable } = await import("../src/core/errors.ts");
const { fieldTable } = await import("../src/core/config/fields.ts");
const { jsonSchema } = await import("../src/core/config/schema.ts");
const { parseGraph } = await import("../src/core/workflow/graph.ts");
const { readNotes } = await import("../src/core/workflow/notes.ts");
const { workflowTable } = await import("../src/core/workflow/table.ts");
const { ruleTable } = await import("../test/support/comfyui/rules.ts");

writeFileSync(new URL("../config/schema.json", import.meta.url), jsonSchema());
writeTable("../docs/configuration.md", "keys", fieldTable());
writeTable("../docs/errors.md", "codes", errorTable());
writeTable("../docs/comfyui.md", "rules", ruleTable());
writeTable("../workflows/README.md", "workflows", workflowTable(shippedWorkflows()));

function shippedWorkflows() {
  const folder = new URL("../workflows/", import.meta.url);
  const read = (file) => readFileSync(new URL(file, folder), "utf8");
  const ends = ".notes.json";
  const names = readdirSync(folder).filter((file) => file.endsWith(ends));
  return names.sort().map((file) => {
    const name = file.slice(0, -ends.length);
    return { name, graph: parseGraph(read(`${name}.json`), name), notes: readNotes(read(file), name) };
  });
}

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

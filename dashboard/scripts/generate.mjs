// Types of every API's paths and bodies, from the documents that the routes themselves make.
// Written only where they changed, so that a watching compiler rests.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";

const here = dirname(fileURLToPath(import.meta.url));
const documents = join(here, "../../openapi");
const target = join(here, "../src/api/generated");
const skipped = /versions|v2\.0|of-project/;

mkdirSync(target, { recursive: true });
for (const name of readdirSync(documents)) {
  if (!name.endsWith(".json") || skipped.test(name)) continue;
  const text = readFileSync(join(documents, name), "utf8");
  const types = astToString(await openapiTS(JSON.parse(text)));
  const file = join(target, name.replace(".json", ".d.ts"));
  if (read(file) !== types) writeFileSync(file, types);
}

function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}

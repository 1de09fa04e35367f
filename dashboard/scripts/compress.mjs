// A .gz beside every built file that gains by it, and what a first visit costs.
import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const built = join(dirname(fileURLToPath(import.meta.url)), "../../unkai/dashboard/static");
const FIRST_LOAD_MAX = 300_000;
const packed = new Map();

for (const name of readdirSync(built, { recursive: true })) {
  const file = join(built, name);
  if (!statSync(file).isFile() || name.endsWith(".gz")) continue;
  const content = readFileSync(file);
  const small = gzipSync(content, { level: 9 });
  packed.set(name.replaceAll("\\", "/"), Math.min(small.length, content.length));
  if (name !== "index.html" && small.length < content.length * 0.9)
    writeFileSync(`${file}.gz`, small);
}

const page = readFileSync(join(built, "index.html"), "utf8");
const first = [...page.matchAll(/(?:src|href)="\/dashboard\/(assets\/[^"]+)"/g)].map((m) => m[1]);
const total = first.reduce((sum, name) => sum + packed.get(name), 0);
const kb = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
for (const name of first) console.log(`  ${kb(packed.get(name)).padStart(9)}  ${name}`);
console.log(`first load: ${kb(total)} by gzip, of ${kb(FIRST_LOAD_MAX)} at most`);
if (total > FIRST_LOAD_MAX) process.exit(1);

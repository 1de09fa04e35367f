// A .gz beside every built file that gains by it, and what a first visit costs.
import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const built = join(dirname(fileURLToPath(import.meta.url)), "../../unkai/dashboard/static");
/** Bytes by gzip that a first visit loads before it shows something. */
const FIRST_LOAD_MAX = { "index.html": 300_000, "console.html": 150_000 };
const packed = new Map();

for (const name of readdirSync(built, { recursive: true })) {
  const file = join(built, name);
  if (!statSync(file).isFile() || name.endsWith(".gz")) continue;
  const content = readFileSync(file);
  const small = gzipSync(content, { level: 9 });
  packed.set(name.replaceAll("\\", "/"), Math.min(small.length, content.length));
  if (!name.endsWith(".html") && small.length < content.length * 0.9)
    writeFileSync(`${file}.gz`, small);
}

const kb = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
for (const [page, most] of Object.entries(FIRST_LOAD_MAX)) {
  const text = readFileSync(join(built, page), "utf8");
  const links = text.matchAll(/(?:src|href)="\/dashboard\/(assets\/[^"]+)"/g);
  const first = [...links].map((found) => found[1]);
  const total = first.reduce((sum, name) => sum + packed.get(name), 0);
  for (const name of first) console.log(`  ${kb(packed.get(name)).padStart(9)}  ${name}`);
  console.log(`first load of ${page}: ${kb(total)} by gzip, of ${kb(most)} at most`);
  if (total > most) process.exitCode = 1;
}

import { expect, test } from "vitest";

const files = import.meta.glob<Record<string, string>>("../*/{en,ja}.json", {
  eager: true,
  import: "default",
});
const areas = Object.keys(files)
  .filter((path) => path.endsWith("/en.json"))
  .map((path) => path.slice(0, -"/en.json".length));

/** Plural forms differ between languages. */
const bare = (words: Record<string, string> | undefined) =>
  [...new Set(Object.keys(words ?? {}).map((key) => key.replace(/_(one|other)$/, "")))].sort();

const holes = (text: string) => [...text.matchAll(/{{(\w+)}}/g)].map((found) => found[1]).sort();

test.each(areas)("%s says the same in both languages", (area) => {
  const english = files[`${area}/en.json`];
  const japanese = files[`${area}/ja.json`];

  expect(bare(japanese)).toEqual(bare(english));
  for (const [key, text] of Object.entries(japanese ?? {}))
    expect([key, holes(text)]).toEqual([key, holes(english?.[key] ?? "")]);
});

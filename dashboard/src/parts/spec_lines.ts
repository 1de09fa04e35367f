// Extra specs as lines of KEY=VALUE, and back.

export function toLines(specs: Record<string, string>): string {
  return Object.entries(specs)
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join("\n");
}

/** wrong: the first line that is not KEY=VALUE. */
export function fromLines(text: string): { specs: Record<string, string>; wrong?: string } {
  const specs: Record<string, string> = {};
  for (const line of text.split("\n").map((one) => one.trim())) {
    if (!line) continue;
    const at = line.indexOf("=");
    if (at < 1) return { specs, wrong: line };
    specs[line.slice(0, at).trim()] = line.slice(at + 1).trim();
  }
  return { specs };
}

/** What of the text is new or other than it was, and which keys are no longer in it. */
export function changesOf(before: Record<string, string>, text: string) {
  const { specs, wrong } = fromLines(text);
  const set = Object.fromEntries(
    Object.entries(specs).filter(([key, value]) => before[key] !== value),
  );
  return { set, gone: Object.keys(before).filter((key) => !(key in specs)), wrong };
}

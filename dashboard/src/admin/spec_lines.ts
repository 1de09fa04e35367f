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

// A console's log without what only a terminal understands.

const ESC = "\\u001b";
const BELL = "\\u0007";
const ESCAPES = new RegExp(
  [
    `${ESC}\\[[0-?]*[ -/]*[@-~]`,
    `${ESC}\\][^${BELL}${ESC}]*(?:${BELL}|${ESC}\\\\)`,
    `${ESC}[()][0-9A-B]`,
    `${ESC}[@-Z\\\\\\-_=>78c]`,
  ].join("|"),
  "g",
);
const CONTROLS = /[^\t\n\r -~\u{80}-\u{10ffff}]/gu;

export function plainText(text: string): string {
  return text
    .replace(ESCAPES, "")
    .replace(/\r+\n/g, "\n")
    .replace(/[^\n]*\r(?!\n)/g, "")
    .replace(CONTROLS, "");
}

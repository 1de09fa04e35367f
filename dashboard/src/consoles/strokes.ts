// A text as key strokes of an American keyboard: for guests that share no clipboard. Pure.

export interface Stroke {
  /** As X11 numbers it, which RFB sends. */
  keysym: number;
  /** The physical key; null where an American keyboard has none for it. */
  code: string | null;
  shift: boolean;
}

export const SHIFT = { keysym: 0xffe1, code: "ShiftLeft" } as const;

const UNICODE = 0x0100_0000;
const LATIN_1 = 0x100;

/** Each key with what it gives alone and with Shift. */
const SIGNS: Record<string, string> = {
  Backquote: "`~",
  Minus: "-_",
  Equal: "=+",
  BracketLeft: "[{",
  BracketRight: "]}",
  Backslash: "\\|",
  Semicolon: ";:",
  Quote: "'\"",
  Comma: ",<",
  Period: ".>",
  Slash: "/?",
  Space: "  ",
};
const OVER_DIGITS = ")!@#$%^&*(";

function keyOf(sign: string): { code: string; shift: boolean } | null {
  if (/^[a-z]$/i.test(sign))
    return { code: `Key${sign.toUpperCase()}`, shift: sign !== sign.toLowerCase() };
  if (/^[0-9]$/.test(sign)) return { code: `Digit${sign}`, shift: false };
  if (OVER_DIGITS.includes(sign)) return { code: `Digit${OVER_DIGITS.indexOf(sign)}`, shift: true };
  const found = Object.entries(SIGNS).find(([, both]) => both.includes(sign));
  return found ? { code: found[0], shift: found[1].indexOf(sign) === 1 } : null;
}

export function strokesOf(text: string): Stroke[] {
  return [...text.replace(/\r\n?/g, "\n")].map((sign) => {
    if (sign === "\n") return { keysym: 0xff0d, code: "Enter", shift: false };
    if (sign === "\t") return { keysym: 0xff09, code: "Tab", shift: false };
    const point = sign.codePointAt(0) ?? 0;
    const keysym = point < LATIN_1 ? point : UNICODE + point;
    return { keysym, ...(keyOf(sign) ?? { code: null, shift: false }) };
  });
}

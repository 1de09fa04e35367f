// Colours and shapes in one place. Text and controls meet WCAG 2.2 AA on both schemes; the shades
// below were chosen for it, so take them by name and do not mix new ones.
import { type MantineColorsTuple, createTheme } from "@mantine/core";

const sea: MantineColorsTuple = [
  "#eaf3fc",
  "#d3e4f6",
  "#a6c9ee",
  "#78ade6",
  "#5295df",
  "#3484d8",
  "#2371c4",
  "#1a5fa8",
  "#1c4f8f",
  "#123a6b",
];
const dark: MantineColorsTuple = [
  "#d5dae3",
  "#b4bccb",
  "#95a0b3",
  "#6a7487",
  "#3d4657",
  "#2c3443",
  "#212937",
  "#181f2b",
  "#121822",
  "#0c1119",
];

export const theme = createTheme({
  colors: { sea, dark },
  primaryColor: "sea",
  primaryShade: { light: 7, dark: 6 },
  defaultRadius: "md",
  cursorType: "pointer",
  fontFamily:
    'Inter, "Noto Sans", -apple-system, "Segoe UI", "Liberation Sans", "Hiragino Sans", "Noto Sans JP", "Noto Sans CJK JP", system-ui, sans-serif',
  fontFamilyMonospace:
    'ui-monospace, "JetBrains Mono", Menlo, Consolas, "Liberation Mono", monospace',
  headings: {
    fontWeight: "650",
    sizes: { h1: { fontSize: "1.5rem" }, h2: { fontSize: "1.125rem" } },
  },
  respectReducedMotion: true,
});

/** How lines differ: by colour and by stroke. */
export const LINES = [
  { variable: "--unkai-busy", dash: [] },
  { variable: "--unkai-warn", dash: [7, 4] },
  { variable: "--unkai-good", dash: [2, 3] },
  { variable: "--unkai-bad", dash: [10, 3, 2, 3] },
] as const satisfies readonly { variable: string; dash: readonly number[] }[];

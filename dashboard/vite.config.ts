import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

// What every page needs and seldom changes is kept apart, so that a new build of the dashboard
// leaves it in the browser's cache. Component libraries are not in it: each page brings its own.
const LIBRARIES: Record<string, RegExp> = {
  react: /node_modules\/(react|react-dom|scheduler|use-sync-external-store)\//,
};

/** Icons by their own files: reading all six thousand takes most of a build. */
function singleIcons(): Plugin {
  const imported = /import \{([^}]+)\} from "@tabler\/icons-react";/g;
  const single = (word: string) =>
    `import ${word} from "@tabler/icons-react/dist/esm/icons/${word}.mjs";`;
  return {
    name: "single-icons",
    enforce: "pre",
    transform(code, id) {
      if (!/\/src\/.*\.tsx?$/.test(id) || !code.includes("@tabler/icons-react")) return null;
      const words = (list: string) => list.split(",").map((one) => one.trim());
      const kept = (list: string) => words(list).filter((one) => /^Icon\w/.test(one));
      return code.replace(imported, (_all, list: string) => kept(list).map(single).join(" "));
    },
  };
}

// `npm run dev` asks a cloud that runs on this machine; UNKAI_URL names another.
const cloud = process.env.UNKAI_URL ?? "http://127.0.0.1:8780";
const apis = [
  "identity",
  "compute",
  "image",
  "network",
  "baremetal",
  "placement",
  "volume",
  "unkai",
  "console",
];

export default defineConfig({
  base: "/dashboard/",
  plugins: [singleIcons(), react()],
  build: {
    outDir: "../unkai/dashboard/static",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rollupOptions: {
      input: ["index.html", "console.html"],
      output: {
        manualChunks: (id) => Object.keys(LIBRARIES).find((name) => LIBRARIES[name].test(id)),
      },
    },
  },
  server: {
    proxy: Object.fromEntries(apis.map((name) => [`/${name}`, { target: cloud, ws: true }])),
  },
  test: { environment: "jsdom", include: ["src/**/*.test.{ts,tsx}"] },
});

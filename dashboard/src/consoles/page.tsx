// The second page of the build: a console and nothing else.
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { startI18n } from "../app/i18n";
import { preferredScheme } from "../app/preferences";
import { ConsolePage } from "./ConsolePage";
import { wantedOf } from "./addresses";
import "./page.css";

async function start(): Promise<void> {
  const scheme = preferredScheme();
  if (scheme) document.documentElement.dataset.scheme = scheme;
  await startI18n(["consoles"]);
  const root = document.getElementById("root");
  if (!root) return;
  createRoot(root).render(
    <StrictMode>
      <ConsolePage wanted={wantedOf(location.search)} />
    </StrictMode>,
  );
}

void start();

import { MantineProvider } from "@mantine/core";
import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "@mantine/spotlight/styles.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode, Suspense } from "react";
import { createRoot } from "react-dom/client";
import "./app/app.css";
import { startI18n } from "./app/i18n";
import { Modals } from "./app/Modals";
import { Notices } from "./app/Notices";
import { nonce, shareNonce } from "./app/nonce";
import { makeQueryClient } from "./app/queries";
import { makeRouter } from "./app/router";
import { theme } from "./app/theme";

async function start(): Promise<void> {
  shareNonce();
  await startI18n(["app", "parts"]);
  const queryClient = makeQueryClient();
  const router = makeRouter(queryClient);
  const root = document.getElementById("root");
  if (!root) return;
  createRoot(root).render(
    <StrictMode>
      <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={nonce}>
        <QueryClientProvider client={queryClient}>
          <Modals>
            <Notices />
            <Suspense fallback={null}>
              <RouterProvider router={router} />
            </Suspense>
          </Modals>
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  );
}

void start();

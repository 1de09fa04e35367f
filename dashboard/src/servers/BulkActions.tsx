// Buttons for the chosen servers: each takes those whose state it fits.
import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Server } from "../api/models";
import { VERBS } from "./actions";
import { useVerbs } from "./run_verb";

const MANY = ["start", "stop", "reboot", "delete"];

export function BulkActions({ servers, clear }: { servers: Server[]; clear: () => void }) {
  const { t } = useTranslation("servers");
  const start = useVerbs();
  return VERBS.filter((verb) => MANY.includes(verb.name)).map((verb) => {
    const fitting = servers.filter((one) => verb.fits(one));
    return (
      <Button
        key={verb.name}
        size="xs"
        variant="default"
        c={verb.danger && fitting.length > 0 ? "var(--unkai-bad)" : undefined}
        disabled={fitting.length === 0}
        leftSection={<verb.icon size={14} aria-hidden />}
        onClick={() => start(verb, fitting, clear)}
      >
        {t(verb.label)}
      </Button>
    );
  });
}

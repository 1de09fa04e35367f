// Buttons for the chosen nodes: each takes those whose state it fits.
import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { NodeRow } from "./models";
import { useVerbs } from "./run_verb";
import { type VerbName, verb } from "./verbs";

const MANY: VerbName[] = [
  "powerOn",
  "powerOff",
  "reboot",
  "manage",
  "provide",
  "maintain",
  "endMaintenance",
];

export function BulkActions({ nodes, clear }: { nodes: NodeRow[]; clear: () => void }) {
  const { t } = useTranslation("baremetal");
  const start = useVerbs();
  return MANY.map(verb).map((one) => {
    const fitting = nodes.filter((node) => one.fits(node));
    return (
      <Button
        key={one.name}
        size="xs"
        variant="default"
        c={one.danger && fitting.length > 0 ? "var(--unkai-bad)" : undefined}
        disabled={fitting.length === 0}
        leftSection={<one.icon size={14} aria-hidden />}
        onClick={() => start(one, fitting, clear)}
      >
        {t(one.label)}
      </Button>
    );
  });
}

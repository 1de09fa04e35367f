// The menu at the end of a row: what can be done to its thing.
import { Menu } from "@mantine/core";
import type { Icon } from "@tabler/icons-react";
import { DotsMenu } from "./DotsMenu";

export interface Deed {
  label: string;
  icon: Icon;
  danger?: boolean;
  disabled?: boolean;
  start: () => void;
}

/** label: whose actions these are, for screen readers. */
export function RowMenu({ label, deeds }: { label: string; deeds: Deed[] }) {
  return (
    <DotsMenu
      label={label}
      items={() =>
        deeds.map((deed) => (
          <Menu.Item
            key={deed.label}
            color={deed.danger ? "var(--unkai-bad)" : undefined}
            disabled={deed.disabled}
            leftSection={<deed.icon size={16} aria-hidden />}
            onClick={deed.start}
          >
            {deed.label}
          </Menu.Item>
        ))
      }
    />
  );
}

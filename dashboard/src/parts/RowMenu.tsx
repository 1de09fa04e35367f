// The menu at the end of a row: what can be done to its thing.
import { ActionIcon, Menu } from "@mantine/core";
import { type Icon, IconDots } from "@tabler/icons-react";

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
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" tabIndex={0} aria-label={label}>
          <IconDots size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {deeds.map((deed) => (
          <Menu.Item
            key={deed.label}
            color={deed.danger ? "var(--unkai-bad)" : undefined}
            disabled={deed.disabled}
            leftSection={<deed.icon size={16} aria-hidden />}
            onClick={deed.start}
          >
            {deed.label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

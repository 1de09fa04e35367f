// What can be done to a page's thing, as one button with a menu.
import { Button, Menu } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Deed } from "./RowMenu";

export function DeedsButton({ deeds }: { deeds: Deed[] }) {
  const { t } = useTranslation("parts");
  const dangers = deeds.filter((one) => one.danger);
  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target>
        <Button rightSection={<IconChevronDown size={16} aria-hidden />}>{t("actions")}</Button>
      </Menu.Target>
      <Menu.Dropdown>
        {deeds
          .filter((one) => !one.danger)
          .map((deed) => (
            <Item key={deed.label} deed={deed} />
          ))}
        {dangers.length > 0 && <Menu.Divider />}
        {dangers.map((deed) => (
          <Item key={deed.label} deed={deed} />
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function Item({ deed }: { deed: Deed }) {
  return (
    <Menu.Item
      color={deed.danger ? "var(--unkai-bad)" : undefined}
      disabled={deed.disabled}
      leftSection={<deed.icon size={16} aria-hidden />}
      onClick={deed.start}
    >
      {deed.label}
    </Menu.Item>
  );
}

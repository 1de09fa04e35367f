// Columns of projects, domains, groups, roles and users.
import { useTranslation } from "react-i18next";
import { stateColumn, textColumn } from "../parts/columns";
import type { Column } from "../parts/ResourceTable";
import { StateBadge } from "../parts/StateBadge";
import { useDomainNames } from "./DomainChoice";

export function useDescription<T extends { description: string | null }>(): Column<T> {
  const { t } = useTranslation("identity");
  return textColumn({
    key: "description",
    header: t("description"),
    from: 640,
    text: (one) => one.description,
  });
}

export function useEnabled<T extends { enabled: boolean }>(): Column<T> {
  const { t } = useTranslation("identity");
  return stateColumn({
    key: "enabled",
    header: t("state"),
    width: "20%",
    state: (one) => t(one.enabled ? "enabled" : "disabled"),
    tone: (one) => (one.enabled ? "good" : "off"),
  });
}

export function Enabled({ thing }: { thing: { enabled: boolean } }) {
  const { t } = useTranslation("identity");
  return (
    <StateBadge
      state={t(thing.enabled ? "enabled" : "disabled")}
      tone={thing.enabled ? "good" : "off"}
    />
  );
}

export function useId<T extends { id: string }>(): Column<T> {
  const { t } = useTranslation("identity");
  return textColumn({
    key: "id",
    header: t("id"),
    width: "24%",
    from: 1000,
    text: (one) => one.id,
    mono: true,
  });
}

/** The domain, where there are several; else no column. */
export function useDomain<T extends { domain_id: string }>(): Column<T>[] {
  const { t } = useTranslation("identity");
  const names = useDomainNames();
  if (names.size === 0) return [];
  const text = (one: T) => names.get(one.domain_id) ?? one.domain_id;
  return [textColumn({ key: "domain", header: t("domain"), width: "16%", from: 760, text })];
}

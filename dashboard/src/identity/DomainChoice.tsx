// In which domain a new thing is made; asked only where there are several.
import { Select } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useList } from "../api/queries";
import { DOMAIN, listOf } from "./things";

interface Props {
  value: string | null;
  set: (id: string | null) => void;
}

export function DomainChoice({ value, set }: Props) {
  const { t } = useTranslation("identity");
  const domains = useList(listOf(DOMAIN)).data ?? [];
  if (domains.length < 2) return null;
  return (
    <Select
      label={t("domain")}
      placeholder={t("domain.own")}
      data={domains.map((one) => ({ value: one.id, label: one.name }))}
      value={value}
      onChange={set}
      searchable
      clearable
    />
  );
}

/** Names of domains by id; none where there is only one, which needs no saying. */
export function useDomainNames(): Map<string, string> {
  const domains = useList(listOf(DOMAIN)).data ?? [];
  return new Map(domains.length > 1 ? domains.map((one) => [one.id, one.name]) : []);
}

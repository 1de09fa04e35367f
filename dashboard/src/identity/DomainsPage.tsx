// All domains: each has projects, users and groups of its own.
import { IconBuilding } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { TextLink } from "../parts/links";
import { NamedList } from "./NamedList";
import { useDescription, useEnabled, useId } from "./columns";
import type { Domain } from "./models";
import { DOMAIN } from "./things";

export function DomainsPage() {
  const { t } = useTranslation("identity");
  const navigate = useNavigate();
  const columns = [
    {
      key: "name",
      header: t("name"),
      width: "30%",
      value: (one: Domain) => one.name,
      cell: (one: Domain) => (
        <TextLink to="/domains/$domainId" params={{ domainId: one.id }} fw={550} truncate>
          {one.name}
        </TextLink>
      ),
    },
    useDescription<Domain>(),
    useEnabled<Domain>(),
    useId<Domain>(),
  ];
  return (
    <NamedList
      kind={DOMAIN}
      icon={IconBuilding}
      columns={columns}
      state={(one) => t(one.enabled ? "enabled" : "disabled")}
      open={(one) => void navigate({ to: "/domains/$domainId", params: { domainId: one.id } })}
      removable={(one) => !one.enabled}
    />
  );
}

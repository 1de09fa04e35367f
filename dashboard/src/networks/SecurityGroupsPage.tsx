// What may reach the project's servers, group by group.
import { Text } from "@mantine/core";
import { IconShield } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { NewButton } from "../parts/buttons";
import { useSession } from "../api/session";
import { Empty } from "../parts/Empty";
import { ThingTable } from "../parts/ThingTable";
import { TextLink } from "../parts/links";
import { Page } from "../parts/Page";
import type { Column } from "../parts/ResourceTable";
import { GroupForm } from "./SecurityGroupForms";
import { label, useAll, useThingRemoval } from "./hooks";
import type { SecurityGroupFull } from "./models";
import { SECURITY_GROUP } from "./things";

export function SecurityGroupsPage() {
  const { t } = useTranslation("networks");
  const navigate = useNavigate();
  const project = useSession()?.project?.id ?? "";
  const found = useAll(SECURITY_GROUP, { project_id: project });
  const remove = useThingRemoval(SECURITY_GROUP, "removeAbout.group", label);
  const columns = useColumns();
  const create = (
    <NewButton label={t("group.create")} form={(close) => <GroupForm close={close} />} />
  );
  return (
    <Page title={t("securityGroups")} about={t("group.about")} actions={create}>
      <ThingTable
        label={t("securityGroups")}
        found={found}
        columns={columns}
        name={label}
        searchMore={(one) => one.description}
        sortBy="name"
        open={(one) =>
          void navigate({ to: "/security-groups/$groupId", params: { groupId: one.id } })
        }
        remove={remove}
        removable={(one) => one.name !== "default"}
        empty={<Empty icon={IconShield} title={t("group.empty")} action={create} />}
      />
    </Page>
  );
}

function useColumns(): Column<SecurityGroupFull>[] {
  const { t } = useTranslation("networks");
  const count = (one: SecurityGroupFull, direction: string) =>
    one.security_group_rules.filter((each) => each.direction === direction).length;
  return [
    {
      key: "name",
      header: t("name"),
      value: label,
      cell: (one) => (
        <TextLink to="/security-groups/$groupId" params={{ groupId: one.id }} fw={550}>
          {label(one)}
        </TextLink>
      ),
    },
    {
      key: "description",
      header: t("description"),
      width: "38%",
      from: 640,
      value: (one) => one.description,
      cell: (one) => (
        <Text size="sm" truncate title={one.description}>
          {one.description || "–"}
        </Text>
      ),
    },
    {
      key: "in",
      header: t("group.in"),
      width: "100px",
      align: "right",
      value: (one) => count(one, "ingress"),
      cell: (one) => count(one, "ingress"),
    },
    {
      key: "out",
      header: t("group.out"),
      width: "100px",
      align: "right",
      from: 480,
      value: (one) => count(one, "egress"),
      cell: (one) => count(one, "egress"),
    },
  ];
}

// Servers that are to be together, or apart.
import { Text } from "@mantine/core";
import { IconLayersSubtract } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { keys } from "../api/keys";
import { NewButton } from "../parts/buttons";
import { useList } from "../api/queries";
import { Empty } from "../parts/Empty";
import { textColumn } from "../parts/columns";
import { ThingTable } from "../parts/ThingTable";
import { TextLink } from "../parts/links";
import { Page } from "../parts/Page";
import { useRemoval } from "../parts/removal";
import { type Column } from "../parts/ResourceTable";
import { openstack } from "../parts/shell_words";
import { serverList } from "../servers/queries";
import { GroupForm } from "./forms";
import { type ServerGroup, removeServerGroup, serverGroupList } from "./queries";

const MEMBERS_SHOWN = 3;

export function ServerGroupsPage() {
  const { t } = useTranslation("keypairs");
  const found = useList(serverGroupList());
  const columns = useColumns();
  const remove = useRemoval<ServerGroup>({
    name: (one) => one.name,
    cli: (one) => openstack("server", "group", "delete", one.name),
    remove: (one) => removeServerGroup(one.id),
    about: t("groups.removeAbout"),
    stale: [keys.serverGroups],
  });
  const create = (
    <NewButton label={t("groups.create")} form={(close) => <GroupForm close={close} />} />
  );
  return (
    <Page title={t("groups")} about={t("groups.about")} actions={create}>
      <ThingTable
        label={t("groups")}
        found={found}
        columns={columns}
        name={(one) => one.name}
        state={(one) => one.policy}
        remove={remove}
        empty={
          <Empty
            icon={IconLayersSubtract}
            title={t("groups.empty")}
            text={t("groups.emptyText")}
            action={create}
          />
        }
      />
    </Page>
  );
}

function useColumns(): Column<ServerGroup>[] {
  const { t } = useTranslation("keypairs");
  const servers = useList(serverList()).data ?? [];
  const nameOf = new Map(servers.map((one) => [one.id, one.name]));
  return [
    textColumn({ key: "name", header: t("name"), text: (one) => one.name, strong: true }),
    {
      key: "policy",
      header: t("groups.policy"),
      width: "26%",
      value: (one) => one.policy,
      cell: (one) => (
        <Text size="sm" truncate>
          {t(`policy.${one.policy}`)}
          {one.rules.max_server_per_host !== undefined &&
            ` (${t("groups.atMost", { count: one.rules.max_server_per_host })})`}
        </Text>
      ),
    },
    {
      key: "members",
      header: t("groups.members"),
      width: "36%",
      from: 560,
      value: (one) => one.members.map((id) => nameOf.get(id) ?? id).join(" "),
      cell: (one) =>
        one.members.length === 0
          ? "–"
          : one.members.slice(0, MEMBERS_SHOWN).map((id, at) => (
              <span key={id}>
                {at > 0 && ", "}
                <TextLink to="/servers/$serverId" params={{ serverId: id }}>
                  {nameOf.get(id) ?? id}
                </TextLink>
                {at === MEMBERS_SHOWN - 1 &&
                  one.members.length > MEMBERS_SHOWN &&
                  ` +${one.members.length - MEMBERS_SHOWN}`}
              </span>
            )),
    },
  ];
}

// Servers that are to be together, or apart.
import { Button, Text } from "@mantine/core";
import { IconLayersSubtract, IconPlus, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { keys } from "../api/keys";
import { useList } from "../api/queries";
import { Empty } from "../parts/Empty";
import { openForm } from "../parts/form";
import { TextLink } from "../parts/links";
import { Page } from "../parts/Page";
import { RemoveButton, useRemoval } from "../parts/removal";
import { type Column, ResourceTable } from "../parts/ResourceTable";
import { RowMenu } from "../parts/RowMenu";
import { openstack } from "../parts/shell_words";
import { serverList } from "../servers/queries";
import { GroupForm } from "./forms";
import { type ServerGroup, removeServerGroup, serverGroupList } from "./queries";

const MEMBERS_SHOWN = 3;

export function ServerGroupsPage() {
  const { t } = useTranslation(["keypairs", "parts"]);
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
    <Button
      leftSection={<IconPlus size={16} aria-hidden />}
      onClick={() => openForm(t("groups.create"), (close) => <GroupForm close={close} />)}
    >
      {t("groups.create")}
    </Button>
  );
  return (
    <Page title={t("groups")} about={t("groups.about")} actions={create}>
      <ResourceTable
        label={t("groups")}
        rows={found.data}
        error={found.error}
        again={() => void found.refetch()}
        columns={columns}
        id={(one) => one.id}
        name={(one) => one.name}
        state={(one) => one.policy}
        searchMore={(one) => one.id}
        sort={{ key: "name", down: false }}
        bulk={(chosen, clear) => (
          <RemoveButton count={chosen.length} start={() => remove(chosen, clear)} />
        )}
        actions={(one) => (
          <RowMenu
            label={t("parts:actionsOf", { name: one.name })}
            deeds={[
              {
                label: t("parts:remove.verb"),
                icon: IconTrash,
                danger: true,
                start: () => remove([one]),
              },
            ]}
          />
        )}
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
    { key: "name", header: t("name"), value: (one) => one.name, cell: (one) => one.name },
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

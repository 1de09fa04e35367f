// Every request about the server, newest first.
import { Skeleton, Table, Text } from "@mantine/core";
import { IconHistory } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Server } from "../api/models";
import { useList } from "../api/queries";
import { Copied } from "../parts/Copied";
import { Empty } from "../parts/Empty";
import { ErrorAlert } from "../parts/ErrorAlert";
import { Panel } from "../parts/Panel";
import { Scroll } from "../parts/Scroll";
import { ShowCli } from "../parts/ShowCli";
import { When } from "../parts/When";
import { openstack } from "../parts/shell_words";
import { actionsOf } from "./queries";

export default function ActionsTab({ server }: { server: Server }) {
  const { t } = useTranslation("servers");
  const actions = useList(actionsOf(server.id));
  if (actions.error) return <ErrorAlert error={actions.error} />;
  if (!actions.data) return <Skeleton h={200} />;
  if (actions.data.length === 0) return <Empty icon={IconHistory} title={t("actions.empty")} />;
  return (
    <Panel>
      <Scroll label={t("tab.actions")}>
        <Table fz="sm" verticalSpacing={7} miw={560}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("actions.action")}</Table.Th>
              <Table.Th>{t("actions.when")}</Table.Th>
              <Table.Th>{t("actions.message")}</Table.Th>
              <Table.Th>{t("actions.request")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {actions.data.map((one) => (
              <Table.Tr key={`${one.request_id} ${one.action}`}>
                <Table.Td fw={550}>{one.action}</Table.Td>
                <Table.Td>
                  <When at={one.start_time} />
                </Table.Td>
                <Table.Td>
                  <Text size="sm" c={one.message ? "var(--unkai-bad)" : undefined}>
                    {one.message ?? ""}
                  </Text>
                </Table.Td>
                <Table.Td>
                  <Copied text={one.request_id} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Scroll>
      <ShowCli command={openstack("server", "event", "list", server.name)} />
    </Panel>
  );
}

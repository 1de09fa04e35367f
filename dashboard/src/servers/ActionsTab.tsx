// What can be done with the server now, and every request about it, newest first.
import { Button, Group, Skeleton, Stack, Table, Text } from "@mantine/core";
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
import { VERBS } from "./actions";
import { actionsOf } from "./queries";
import { useVerbs } from "./run_verb";

export default function ActionsTab({ server }: { server: Server }) {
  return (
    <Stack>
      <Possible server={server} />
      <Past server={server} />
    </Stack>
  );
}

/** What its state allows, each with its command. */
function Possible({ server }: { server: Server }) {
  const { t } = useTranslation("servers");
  const start = useVerbs();
  return (
    <Panel title={t("actions.now")}>
      <Stack gap="xs">
        {VERBS.filter((verb) => verb.fits(server)).map((verb) => (
          <Group key={verb.name} gap="xs" align="flex-start">
            <Button
              size="xs"
              w={120}
              variant="default"
              c={verb.danger ? "var(--unkai-bad)" : undefined}
              leftSection={<verb.icon size={14} aria-hidden />}
              onClick={() => start(verb, [server])}
            >
              {t(verb.label)}
            </Button>
            <ShowCli
              command={[verb.cli(server, false), ...(verb.option ? [verb.cli(server, true)] : [])]}
            />
          </Group>
        ))}
      </Stack>
    </Panel>
  );
}

function Past({ server }: { server: Server }) {
  const { t } = useTranslation("servers");
  const actions = useList(actionsOf(server.id));
  if (actions.error) return <ErrorAlert error={actions.error} />;
  if (!actions.data) return <Skeleton h={200} />;
  if (actions.data.length === 0) return <Empty icon={IconHistory} title={t("actions.empty")} />;
  return (
    <Panel title={t("actions.past")}>
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

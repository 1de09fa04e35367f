// BIOS settings and RAID as they were last read.
import { Code, SimpleGrid, Stack, Table, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useList } from "../api/queries";
import { ErrorAlert } from "../parts/ErrorAlert";
import { Panel } from "../parts/Panel";
import { Scroll } from "../parts/Scroll";
import type { Info, MetalNode } from "./models";
import { biosOf } from "./queries";

export function FirmwarePanel({ node }: { node: MetalNode }) {
  const { t } = useTranslation("baremetal");
  const bios = useList(biosOf(node.uuid), { every: false });
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} style={{ alignItems: "start" }}>
      <Panel title={t("settings.bios")} flush>
        {bios.error && <ErrorAlert error={bios.error} />}
        {bios.data?.length === 0 && (
          <Text size="sm" c="dimmed" p="md">
            {t("settings.noBios")}
          </Text>
        )}
        {bios.data && bios.data.length > 0 && (
          <Scroll label={t("settings.bios")}>
            <Table aria-label={t("settings.bios")} fz="sm" horizontalSpacing="md">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("settings.key")}</Table.Th>
                  <Table.Th>{t("settings.value")}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {bios.data.map((one) => (
                  <Table.Tr key={one.name}>
                    <Table.Td>{one.name}</Table.Td>
                    <Table.Td>{one.value ?? "–"}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Scroll>
        )}
      </Panel>
      <Panel title={t("settings.raid")}>
        <Stack gap="sm">
          <Raid title={t("settings.raidNow")} config={node.raid_config} />
          <Raid title={t("settings.raidWanted")} config={node.target_raid_config} />
        </Stack>
      </Panel>
    </SimpleGrid>
  );
}

function Raid({ title, config }: { title: string; config: Info | null }) {
  const { t } = useTranslation("baremetal");
  const empty = !config || Object.keys(config).length === 0;
  return (
    <div>
      <Text size="sm" fw={600}>
        {title}
      </Text>
      {empty ? (
        <Text size="sm" c="dimmed">
          {t("settings.noRaid")}
        </Text>
      ) : (
        <Scroll label={title}>
          <Code block>{JSON.stringify(config, null, 2)}</Code>
        </Scroll>
      )}
    </div>
  );
}

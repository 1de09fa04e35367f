// What an inspection found in the machine.
import { Button, SimpleGrid, Skeleton, Stack, Table, Text } from "@mantine/core";
import { IconCpu, IconSearch } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useOne } from "../api/queries";
import { Empty } from "../parts/Empty";
import { ErrorAlert } from "../parts/ErrorAlert";
import { Facts } from "../parts/Facts";
import { Panel } from "../parts/Panel";
import { Scroll } from "../parts/Scroll";
import { mib } from "../parts/times";
import type { Inventory, MetalNode } from "./models";
import { inventoryOf } from "./queries";
import { useVerbs } from "./run_verb";
import { verb } from "./verbs";

const GB = 1e9;

export function InventoryTab({ node }: { node: MetalNode }) {
  const { t } = useTranslation("baremetal");
  const start = useVerbs();
  const asked = useOne(inventoryOf(node.uuid));
  const inspect = verb("inspect");
  if (asked.error) return <ErrorAlert error={asked.error} />;
  if (asked.isPending) return <Skeleton height={200} />;
  if (!asked.data)
    return (
      <Empty
        icon={IconCpu}
        title={t("inventory.none")}
        text={t(inspect.fits(node) ? "inventory.noneText" : "inventory.notNow")}
        action={
          inspect.fits(node) && (
            <Button
              onClick={() => start(inspect, [node])}
              leftSection={<IconSearch size={16} aria-hidden />}
            >
              {t("verb.inspect")}
            </Button>
          )
        }
      />
    );
  return <Found found={asked.data} />;
}

function Found({ found }: { found: Inventory }) {
  const { t } = useTranslation("baremetal");
  const {
    cpu,
    memory,
    boot,
    system_vendor: vendor,
    bmc_address,
    disks,
    interfaces,
  } = found.inventory;
  const lldp = found.plugin_data?.parsed_lldp ?? {};
  return (
    <Stack>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Panel title={t("inventory.machine")}>
          <Facts
            facts={[
              [t("inventory.maker"), vendor?.manufacturer],
              [t("inventory.product"), vendor?.product_name],
              [t("inventory.serial"), vendor?.serial_number],
              [t("inventory.bmc"), bmc_address],
              [t("inventory.boot"), boot?.current_boot_mode],
            ]}
          />
        </Panel>
        <Panel title={t("inventory.cpu")}>
          <Facts
            facts={[
              [t("inventory.model"), cpu?.model_name],
              [t("inventory.count"), cpu?.count],
              [t("inventory.architecture"), cpu?.architecture],
              [t("inventory.frequency"), cpu?.frequency && `${cpu.frequency} MHz`],
              [t("inventory.memory"), memory?.physical_mb ? mib(memory.physical_mb) : null],
            ]}
          />
        </Panel>
      </SimpleGrid>
      <Rows
        title={t("inventory.disks")}
        none={t("inventory.noDisks")}
        heads={[t("name"), t("inventory.model"), t("size"), t("inventory.kind"), "WWN"]}
        rows={(disks ?? []).map((one) => [
          one.name,
          one.model,
          one.size ? `${Number((one.size / GB).toFixed(1))} GB` : null,
          one.rotational === null || one.rotational === undefined
            ? null
            : t(one.rotational ? "inventory.rotating" : "inventory.solid"),
          one.wwn ?? one.serial,
        ])}
      />
      <Rows
        title={t("inventory.nics")}
        none={t("inventory.noNics")}
        heads={[t("name"), "MAC", t("inventory.link"), "IPv4", "LLDP"]}
        rows={(interfaces ?? []).map((one) => [
          one.name,
          one.mac_address,
          one.has_carrier === null || one.has_carrier === undefined
            ? null
            : t(one.has_carrier ? "inventory.up" : "inventory.down"),
          one.ipv4_address,
          neighbour(lldp[one.name ?? ""]),
        ])}
      />
    </Stack>
  );
}

function neighbour(heard: Record<string, string> | undefined): string | null {
  if (!heard) return null;
  const who = heard.switch_system_name ?? heard.switch_chassis_id;
  const port = heard.switch_port_description ?? heard.switch_port_id;
  return [who, port].filter(Boolean).join(" · ") || null;
}

interface RowsProps {
  title: string;
  none: string;
  heads: string[];
  rows: ReactNode[][];
}

function Rows({ title, none, heads, rows }: RowsProps) {
  return (
    <Panel title={title} flush>
      {rows.length === 0 ? (
        <Text size="sm" c="dimmed" p="md">
          {none}
        </Text>
      ) : (
        <Scroll label={title}>
          <Table aria-label={title} fz="sm" horizontalSpacing="md">
            <Table.Thead>
              <Table.Tr>
                {heads.map((head) => (
                  <Table.Th key={head}>{head}</Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map((cells, row) => (
                <Table.Tr key={row}>
                  {cells.map((cell, column) => (
                    <Table.Td key={column}>{cell ?? "–"}</Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Scroll>
      )}
    </Panel>
  );
}

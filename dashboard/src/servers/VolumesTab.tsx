// The server's volumes, as compute attached them: attach another one, detach one.
import { Button, Skeleton, Table, Text } from "@mantine/core";
import { IconDatabase, IconPlugOff } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Server } from "../api/models";
import { useList, useOne } from "../api/queries";
import { NewButton } from "../parts/buttons";
import { Empty } from "../parts/Empty";
import { ErrorAlert } from "../parts/ErrorAlert";
import { TextLink } from "../parts/links";
import { Panel } from "../parts/Panel";
import { Scroll } from "../parts/Scroll";
import { StateBadge } from "../parts/StateBadge";
import { AttachForm } from "../volumes/AttachForm";
import { useDetach } from "../volumes/detach";
import type { Volume } from "../volumes/models";
import { type ServerVolume, serverVolumes, volumeList } from "../volumes/queries";
import { capabilitiesOf } from "./queries";

/** Where the server boots from; such a volume stays while the server is. */
const ROOT = "/dev/vda";

export default function VolumesTab({ server }: { server: Server }) {
  const { t } = useTranslation("servers");
  const found = useList(serverVolumes(server.id));
  const volumes = useList(volumeList()).data ?? [];
  const can = useOne(capabilitiesOf(server.id), { every: false }).data?.actions["attach-volume"];
  if (found.error) return <ErrorAlert error={found.error} />;
  if (!found.data) return <Skeleton h={200} />;
  const byId = new Map(volumes.map((one) => [one.id, one]));
  const attach = can?.can !== false && (
    <NewButton
      label={t("disks.attach")}
      title={t("disks.attachTo", { server: server.name })}
      form={(close) => <AttachForm server={server} close={close} />}
      small
    />
  );
  return (
    <Panel title={t("tab.volumes")} actions={attach}>
      {can?.can === false && (
        <Text size="sm" c="dimmed" mb="sm">
          {t("disks.cannot", { reason: can.reason })}
        </Text>
      )}
      {found.data.length === 0 ? (
        <Empty icon={IconDatabase} title={t("disks.empty")} text={t("disks.emptyText")} />
      ) : (
        <Scroll label={t("tab.volumes")}>
          <Table fz="sm" verticalSpacing={8} miw={620}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t("disks.volume")}</Table.Th>
                <Table.Th>{t("disks.device")}</Table.Th>
                <Table.Th>{t("size")}</Table.Th>
                <Table.Th>{t("status")}</Table.Th>
                <Table.Th>{t("disks.goes")}</Table.Th>
                <Table.Td />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {found.data.map((one) => (
                <Disk
                  key={one.volumeId}
                  attached={one}
                  volume={byId.get(one.volumeId)}
                  server={server}
                />
              ))}
            </Table.Tbody>
          </Table>
        </Scroll>
      )}
    </Panel>
  );
}

interface Props {
  attached: ServerVolume;
  volume: Volume | undefined;
  server: Server;
}

function Disk({ attached, volume, server }: Props) {
  const { t } = useTranslation("servers");
  const detach = useDetach();
  const { volumeId, device } = attached;
  const name = volume?.name || volumeId.slice(0, 8);
  return (
    <Table.Tr>
      <Table.Td style={{ overflowWrap: "anywhere" }}>
        <TextLink to="/volumes/$volumeId" params={{ volumeId }} fw={550}>
          {name}
        </TextLink>
      </Table.Td>
      <Table.Td ff="monospace">
        {device}{" "}
        {device === ROOT && (
          <Text span size="xs" c="dimmed">
            {t("disks.root")}
          </Text>
        )}
      </Table.Td>
      <Table.Td>{volume ? `${volume.size} GiB` : "–"}</Table.Td>
      <Table.Td>{volume ? <StateBadge state={volume.status} /> : "–"}</Table.Td>
      <Table.Td>{t(attached.delete_on_termination ? "disks.deleted" : "disks.kept")}</Table.Td>
      <Table.Td align="right">
        {device !== ROOT && (
          <Button
            size="compact-xs"
            variant="subtle"
            leftSection={<IconPlugOff size={14} aria-hidden />}
            aria-label={t("disks.detachOf", { name })}
            onClick={() => detach({ id: volumeId, name }, server)}
          >
            {t("net.detach")}
          </Button>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

// What the server was told, as keys and values; the guest reads it from the metadata service.
import { ActionIcon, Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { compute, done } from "../api/clients";
import { keys } from "../api/keys";
import type { Server } from "../api/models";
import { useChange } from "../api/queries";
import { ErrorAlert } from "../parts/ErrorAlert";
import { Panel } from "../parts/Panel";
import { ShowCli } from "../parts/ShowCli";
import { openstack } from "../parts/shell_words";

type Row = [key: string, value: string];

export default function MetadataTab({ server }: { server: Server }) {
  const { t } = useTranslation("servers");
  const [rows, setRows] = useState<Row[]>(Object.entries(server.metadata));
  const wanted = Object.fromEntries(rows.filter(([key]) => key));
  const save = useChange(
    (metadata: Record<string, string>) => {
      const path = { server_id: server.id };
      const body = { metadata };
      return done(compute.PUT("/servers/{server_id}/metadata", { params: { path }, body }));
    },
    [keys.servers],
  );
  const change = (index: number, row: Row) =>
    setRows(rows.map((one, at) => (at === index ? row : one)));
  const changed = JSON.stringify(wanted) !== JSON.stringify(server.metadata);
  const cli = openstack(
    "server",
    "set",
    ...Object.entries(wanted).flatMap(([key, value]) => ["--property", `${key}=${value}`]),
    server.name,
  );
  return (
    <Panel title={t("tab.metadata")}>
      <Stack maw={640}>
        {rows.length === 0 && (
          <Text size="sm" c="dimmed">
            {t("meta.empty")}
          </Text>
        )}
        {rows.map(([key, value], index) => (
          <Group key={index} gap="xs" wrap="nowrap">
            <TextInput
              flex={1}
              aria-label={t("meta.key")}
              placeholder={t("meta.key")}
              value={key}
              onChange={(event) => change(index, [event.currentTarget.value, value])}
            />
            <TextInput
              flex={2}
              aria-label={t("meta.value")}
              placeholder={t("meta.value")}
              value={value}
              onChange={(event) => change(index, [key, event.currentTarget.value])}
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              size="lg"
              aria-label={t("meta.remove", { key })}
              onClick={() => setRows(rows.filter((_, at) => at !== index))}
            >
              <IconTrash size={16} />
            </ActionIcon>
          </Group>
        ))}
        {save.error && <ErrorAlert error={save.error} />}
        <Group>
          <Button
            variant="default"
            leftSection={<IconPlus size={16} aria-hidden />}
            onClick={() => setRows([...rows, ["", ""]])}
          >
            {t("meta.add")}
          </Button>
          <Button
            disabled={!changed}
            loading={save.isPending}
            onClick={() =>
              save.mutate(wanted, {
                onSuccess: () => notifications.show({ message: t("meta.saved") }),
              })
            }
          >
            {t("meta.save")}
          </Button>
        </Group>
        <ShowCli command={cli} />
      </Stack>
    </Panel>
  );
}

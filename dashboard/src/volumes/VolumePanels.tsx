// The boxes of a volume's page: who has it, what was made of it.
import { Alert, Button, Code, Group, Table, Text } from "@mantine/core";
import { IconPlugOff } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { done, volume as api } from "../api/clients";
import { keys } from "../api/keys";
import { useChange, useList } from "../api/queries";
import { NewButton } from "../parts/buttons";
import { TextLink } from "../parts/links";
import { Panel } from "../parts/Panel";
import { ErrorAlert } from "../parts/ErrorAlert";
import { ShowCli } from "../parts/ShowCli";
import { When } from "../parts/When";
import { openstack } from "../parts/shell_words";
import { AttachForm, canBeAttached } from "./AttachForm";
import { useDetach } from "./detach";
import { label, useServerNames } from "./hooks";
import type { Volume } from "./models";
import { messagesOf, transferList } from "./queries";
import { VOLUME } from "./things";

interface Props {
  volume: Volume;
}

function None({ text }: { text: string }) {
  return (
    <Text size="sm" c="dimmed" p="md">
      {text}
    </Text>
  );
}

export function Attachments({ volume }: Props) {
  const { t } = useTranslation("volumes");
  const names = useServerNames();
  const detach = useDetach();
  const attach = canBeAttached(volume) && (
    <NewButton
      label={t("attach")}
      title={t("attach.of", { name: label(volume) })}
      form={(close) => <AttachForm volume={volume} close={close} />}
      small
    />
  );
  return (
    <Panel title={t("attachments")} actions={attach} flush>
      {volume.attachments.length === 0 ? (
        <None text={t("attachments.none")} />
      ) : (
        <Table aria-label={t("attachments")} horizontalSpacing="md" verticalSpacing="xs" fz="sm">
          <Table.Tbody>
            {volume.attachments.map((one) => {
              const id = one.server_id ?? "";
              const name = names.get(id) ?? one.host_name ?? id;
              return (
                <Table.Tr key={one.attachment_id}>
                  <Table.Td style={{ overflowWrap: "anywhere" }}>
                    {id ? (
                      <TextLink
                        to="/servers/$serverId"
                        params={{ serverId: id }}
                        search={{ tab: "volumes" }}
                      >
                        {name}
                      </TextLink>
                    ) : (
                      name
                    )}
                  </Table.Td>
                  <Table.Td ff="monospace">{one.device}</Table.Td>
                  <Table.Td visibleFrom="xs">
                    <When at={one.attached_at} />
                  </Table.Td>
                  <Table.Td align="right">
                    {id && (
                      <Button
                        size="compact-xs"
                        variant="subtle"
                        leftSection={<IconPlugOff size={14} aria-hidden />}
                        aria-label={t("detach.from", { server: name })}
                        onClick={() => detach({ id: volume.id, name: label(volume) }, { id, name })}
                      >
                        {t("detach")}
                      </Button>
                    )}
                  </Table.Td>
                </Table.Tr>
              );
            })}
          </Table.Tbody>
        </Table>
      )}
    </Panel>
  );
}

/** What failed after the request was taken, and why. */
export function Messages({ volume }: Props) {
  const { t } = useTranslation("volumes");
  const said = useList(messagesOf(volume.id)).data ?? [];
  if (said.length === 0) return null;
  return (
    <Panel title={t("messages")} flush>
      <Table aria-label={t("messages")} horizontalSpacing="md" verticalSpacing="xs" fz="sm">
        <Table.Tbody>
          {said.map((one) => (
            <Table.Tr key={one.id}>
              <Table.Td style={{ overflowWrap: "anywhere" }}>
                {one.user_message}
                <Text size="xs" c="dimmed">
                  <When at={one.created_at} /> · <Code>{one.request_id}</Code>
                </Text>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Panel>
  );
}

/** It is offered to another project; the offer can be taken back. */
export function Offer({ volume }: Props) {
  const { t } = useTranslation("volumes");
  const offer = useList(transferList()).data?.find((one) => one.volume_id === volume.id);
  const change = useChange(() => {
    const params = { path: { transfer_id: offer?.id ?? "" } };
    return done(api.DELETE("/volume-transfers/{transfer_id}", { params }));
  }, [keys.transfers, ...VOLUME.stale]);
  return (
    <Alert variant="outline" title={t("transfer.waits")}>
      {change.error && <ErrorAlert error={change.error} />}
      <Group gap="sm" mt="xs">
        <Button
          size="xs"
          variant="default"
          disabled={!offer}
          loading={change.isPending}
          onClick={() => change.mutate(undefined)}
        >
          {t("transfer.cancel")}
        </Button>
        {offer && (
          <ShowCli command={openstack("volume", "transfer", "request", "delete", offer.id)} />
        )}
      </Group>
    </Alert>
  );
}

// Projects with which a shared image is shared.
import { ActionIcon, Button, Group, Table, Text, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "../api/keys";
import type { Image } from "../api/models";
import { useChange, useList } from "../api/queries";
import { ErrorAlert } from "../parts/ErrorAlert";
import { Panel } from "../parts/Panel";
import { ShowCli } from "../parts/ShowCli";
import { StateBadge } from "../parts/StateBadge";
import { openstack } from "../parts/shell_words";
import { addMember, removeMember } from "./actions";
import { memberList } from "./queries";
import { nameOf } from "./words";

const TONES = { accepted: "good", pending: "busy", rejected: "bad" } as const;

export function Members({ image }: { image: Image }) {
  const { t } = useTranslation("images");
  const [project, setProject] = useState("");
  const members = useList(memberList(image.id));
  const add = useChange((id: string) => addMember(image.id, id), [keys.images]);
  const drop = useChange((id: string) => removeMember(image.id, id), [keys.images]);
  const error = members.error ?? add.error ?? drop.error;
  return (
    <Panel title={t("members")}>
      <Text size="sm" c="dimmed" mb="sm">
        {t("membersAbout")}
      </Text>
      {(members.data?.length ?? 0) > 0 && (
        <Table mb="md" aria-label={t("members")}>
          <Table.Tbody>
            {members.data?.map((one) => (
              <Table.Tr key={one.member_id}>
                <Table.Td style={{ overflowWrap: "anywhere" }}>{one.member_id}</Table.Td>
                <Table.Td>
                  <StateBadge state={one.status} tone={TONES[one.status]} />
                </Table.Td>
                <Table.Td align="right">
                  <ActionIcon
                    variant="subtle"
                    color="gray"
                    disabled={drop.isPending}
                    onClick={() => drop.mutate(one.member_id)}
                    aria-label={t("dropOf", { name: one.member_id })}
                  >
                    <IconTrash size={16} />
                  </ActionIcon>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          add.mutate(project.trim(), { onSuccess: () => setProject("") });
        }}
      >
        <Group align="flex-end" gap="xs">
          <TextInput
            label={t("memberId")}
            value={project}
            onChange={(event) => setProject(event.currentTarget.value)}
          />
          <Button
            type="submit"
            variant="default"
            disabled={!project.trim()}
            loading={add.isPending}
            leftSection={<IconPlus size={16} aria-hidden />}
          >
            {t("add")}
          </Button>
        </Group>
      </form>
      {error && <ErrorAlert error={error} />}
      <ShowCli
        command={openstack("image", "add", "project", nameOf(image), project || "PROJECT")}
      />
    </Panel>
  );
}

// What whoever made the image says about it, changed in place: hints for whoever boots it.
import { ActionIcon, Button, Group, Table, Text, TextInput } from "@mantine/core";
import { IconCheck, IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "../api/keys";
import type { Image } from "../api/models";
import { useChange } from "../api/queries";
import { ErrorAlert } from "../parts/ErrorAlert";
import { Panel } from "../parts/Panel";
import { ShowCli } from "../parts/ShowCli";
import { openstack } from "../parts/shell_words";
import { type Change, changeImage, pointer } from "./actions";
import { nameOf, propertiesOf } from "./words";

export function Properties({ image }: { image: Image }) {
  const { t } = useTranslation("images");
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const change = useChange((changes: Change[]) => changeImage(image.id, changes), [keys.images]);
  const rows = propertiesOf(image);
  const add = () =>
    change.mutate([{ op: "add", path: pointer(name.trim()), value }], {
      onSuccess: () => {
        setName("");
        setValue("");
      },
    });
  return (
    <Panel title={t("properties")}>
      {rows.length === 0 && (
        <Text size="sm" c="dimmed" mb="sm">
          {t("propertiesNone")}
        </Text>
      )}
      {rows.length > 0 && (
        <Table layout="fixed" mb="md" aria-label={t("properties")}>
          <colgroup>
            <col style={{ width: "38%" }} />
            <col />
            <col style={{ width: 84 }} />
          </colgroup>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("property")}</Table.Th>
              <Table.Th>{t("value")}</Table.Th>
              <Table.Td />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map(([key, old]) => (
              <Row
                key={`${key}\n${old}`}
                name={key}
                old={old}
                busy={change.isPending}
                save={(next) => change.mutate([{ op: "replace", path: pointer(key), value: next }])}
                drop={() => change.mutate([{ op: "remove", path: pointer(key) }])}
              />
            ))}
          </Table.Tbody>
        </Table>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          add();
        }}
      >
        <Group align="flex-end" gap="xs">
          <TextInput
            label={t("property")}
            value={name}
            maxLength={255}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <TextInput
            label={t("value")}
            value={value}
            onChange={(event) => setValue(event.currentTarget.value)}
          />
          <Button
            type="submit"
            variant="default"
            disabled={!name.trim()}
            loading={change.isPending}
            leftSection={<IconPlus size={16} aria-hidden />}
          >
            {t("add")}
          </Button>
        </Group>
      </form>
      {change.error && <ErrorAlert error={change.error} />}
      <ShowCli
        command={openstack(
          ...["image", "set", "--property", `${name || "NAME"}=${value || "VALUE"}`],
          nameOf(image),
        )}
      />
    </Panel>
  );
}

interface RowProps {
  name: string;
  old: string;
  busy: boolean;
  save: (value: string) => void;
  drop: () => void;
}

function Row({ name, old, busy, save, drop }: RowProps) {
  const { t } = useTranslation("images");
  const [value, setValue] = useState(old);
  return (
    <Table.Tr>
      <Table.Td style={{ overflowWrap: "anywhere" }}>{name}</Table.Td>
      <Table.Td>
        <TextInput
          size="xs"
          aria-label={t("valueOf", { name })}
          value={value}
          onChange={(event) => setValue(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && value !== old) save(value);
            if (event.key === "Escape") setValue(old);
          }}
        />
      </Table.Td>
      <Table.Td>
        <Group gap={4} wrap="nowrap" justify="flex-end">
          {value !== old && (
            <ActionIcon
              variant="filled"
              disabled={busy}
              onClick={() => save(value)}
              aria-label={t("saveOf", { name })}
            >
              <IconCheck size={16} />
            </ActionIcon>
          )}
          <ActionIcon
            variant="subtle"
            color="gray"
            disabled={busy}
            onClick={drop}
            aria-label={t("dropOf", { name })}
          >
            <IconTrash size={16} />
          </ActionIcon>
        </Group>
      </Table.Td>
    </Table.Tr>
  );
}

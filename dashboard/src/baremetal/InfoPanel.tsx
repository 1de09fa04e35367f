// A field that holds keys and values: how the BMC is reached, what the machine has.
import { ActionIcon, Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "../api/keys";
import { useChange } from "../api/queries";
import { ErrorAlert } from "../parts/ErrorAlert";
import { Panel } from "../parts/Panel";
import { openstack } from "../parts/shell_words";
import { ShowCli } from "../parts/ShowCli";
import { type Info, type MetalNode, type Operation, nameOf } from "./models";
import { isSecret, patchInside } from "./patch";
import { patchNode } from "./queries";

interface Props {
  node: MetalNode;
  field: "driver_info" | "properties";
}

export function InfoPanel({ node, field }: Props) {
  const { t } = useTranslation("baremetal");
  const before = node[field];
  const shown = Object.entries(before);
  const [changed, setChanged] = useState<Record<string, string | undefined>>({});
  const [added, setAdded] = useState<{ key: string; value: string }[]>([]);
  const change = useChange(
    async (patch: Operation[]) => {
      await patchNode(node.uuid, patch);
      setChanged({});
      setAdded([]);
    },
    [keys.nodes],
  );
  const said: Info = { ...before };
  for (const [key, value] of Object.entries(changed)) said[key] = value ?? "";
  for (const { key, value } of added) if (key.trim()) said[key.trim()] = value;
  const patch = patchInside(field, before, said);
  const flag = field === "driver_info" ? "--driver-info" : "--property";
  return (
    <Panel title={t(`settings.${field}`)}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate(patch);
        }}
      >
        <Stack gap="sm">
          {shown.length + added.length === 0 && (
            <Text size="sm" c="dimmed">
              {t("settings.nothing")}
            </Text>
          )}
          {shown.map(([key, value]) => (
            <Row key={key} name={key} drop={() => setChanged({ ...changed, [key]: "" })}>
              <Value
                name={key}
                value={isSecret(key) ? (changed[key] ?? "") : (changed[key] ?? wordOf(value))}
                gone={changed[key] === "" && !isSecret(key)}
                set={(text) =>
                  setChanged({ ...changed, [key]: isSecret(key) && text === "" ? undefined : text })
                }
              />
            </Row>
          ))}
          {added.map((one, number) => {
            const set = (next: Partial<typeof one>) =>
              setAdded(added.map((each, at) => (at === number ? { ...each, ...next } : each)));
            return (
              <Group key={number} gap="xs" wrap="nowrap" align="flex-end">
                <TextInput
                  flex={1}
                  size="xs"
                  label={t("settings.key")}
                  value={one.key}
                  onChange={(event) => set({ key: event.currentTarget.value })}
                />
                <Value name={one.key} value={one.value} set={(value) => set({ value })} />
              </Group>
            );
          })}
          {change.error && <ErrorAlert error={change.error} />}
          {patch.length > 0 && <ShowCli command={commands(nameOf(node), flag, patch)} />}
          <Group>
            <Button type="submit" loading={change.isPending} disabled={patch.length === 0}>
              {t("save")}
            </Button>
            <Button
              variant="subtle"
              leftSection={<IconPlus size={14} aria-hidden />}
              onClick={() => setAdded([...added, { key: "", value: "" }])}
            >
              {t("settings.addKey")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Panel>
  );
}

function Row(props: { name: string; drop: () => void; children: React.ReactNode }) {
  const { t } = useTranslation("baremetal");
  return (
    <Group gap="xs" wrap="nowrap" align="flex-end">
      {props.children}
      <ActionIcon
        variant="subtle"
        color="gray"
        mb={2}
        onClick={props.drop}
        aria-label={t("removeOf", { name: props.name })}
      >
        <IconTrash size={16} />
      </ActionIcon>
    </Group>
  );
}

interface ValueProps {
  name: string;
  value: string;
  gone?: boolean;
  set: (text: string) => void;
}

function Value({ name, value, gone, set }: ValueProps) {
  const { t } = useTranslation("baremetal");
  const label = name || t("settings.value");
  if (isSecret(name))
    return (
      <TextInput
        type="password"
        flex={1}
        size="xs"
        label={label}
        placeholder={t("settings.keptSecret")}
        autoComplete="new-password"
        value={value}
        onChange={(event) => set(event.currentTarget.value)}
      />
    );
  return (
    <TextInput
      flex={1}
      size="xs"
      label={label}
      value={value}
      placeholder={gone ? t("settings.willGo") : undefined}
      onChange={(event) => set(event.currentTarget.value)}
    />
  );
}

function wordOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function commands(name: string, flag: string, patch: Operation[]): string[] {
  const keyOf = (path: string) => path.split("/").slice(2).join("/");
  const set = patch.filter((one) => one.op !== "remove");
  const gone = patch.filter((one) => one.op === "remove");
  const word = ({ path, value }: Operation) =>
    `${keyOf(path)}=${isSecret(keyOf(path)) ? "SECRET" : wordOf(value)}`;
  const start = ["baremetal", "node"] as const;
  return [
    set.length > 0 && openstack(...start, "set", ...set.flatMap((one) => [flag, word(one)]), name),
    gone.length > 0 &&
      openstack(...start, "unset", ...gone.flatMap((one) => [flag, keyOf(one.path)]), name),
  ].filter((one) => one !== false);
}

// A node's name and what it is for.
import { Button, Group, Select, Stack, TextInput, Textarea } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "../api/keys";
import { useChange } from "../api/queries";
import { ErrorAlert } from "../parts/ErrorAlert";
import { Panel } from "../parts/Panel";
import { openstack } from "../parts/shell_words";
import { ShowCli } from "../parts/ShowCli";
import { type MetalNode, type Operation, nameOf } from "./models";
import { patchOf } from "./patch";
import { patchNode } from "./queries";

const FIELDS = ["name", "resource_class", "owner", "lessee", "shard"] as const;
const FLAGS: Record<string, string> = { name: "--name", resource_class: "--resource-class" };

export function GeneralPanel({ node }: { node: MetalNode }) {
  const { t } = useTranslation("baremetal");
  const [words, setWords] = useState<Record<string, string>>(() =>
    Object.fromEntries([...FIELDS, "description"].map((key) => [key, textOf(node, key)])),
  );
  const [cleans, setCleans] = useState(String(node.automated_clean ?? "default"));
  const change = useChange((patch: Operation[]) => patchNode(node.uuid, patch), [keys.nodes]);
  const said = {
    ...Object.fromEntries(Object.entries(words).map(([key, value]) => [key, value.trim() || null])),
    automated_clean: cleans === "default" ? null : cleans === "true",
  };
  const patch = patchOf(node, said);
  const flags = patch.flatMap(({ path, op, value }) => {
    const key = path.slice(1);
    const flag = FLAGS[key] ?? `--${key.replaceAll("_", "-")}`;
    if (key === "automated_clean" && value === false) return ["--no-automated-clean"];
    if (key === "automated_clean" && value === true) return ["--automated-clean"];
    return op === "remove" ? [flag] : [flag, String(value)];
  });
  const verb = patch.some((one) => one.op === "remove") ? "unset" : "set";
  const set = (key: string, value: string) => setWords({ ...words, [key]: value });
  return (
    <Panel title={t("settings.general")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate(patch);
        }}
      >
        <Stack gap="sm">
          {FIELDS.map((key) => (
            <TextInput
              key={key}
              label={t(`field.${key}`)}
              value={words[key] ?? ""}
              onChange={(event) => set(key, event.currentTarget.value)}
            />
          ))}
          <Textarea
            label={t("field.description")}
            value={words.description ?? ""}
            autosize
            onChange={(event) => set("description", event.currentTarget.value)}
          />
          <Select
            label={t("field.automated_clean")}
            allowDeselect={false}
            value={cleans}
            onChange={(value) => setCleans(value ?? "default")}
            data={[
              { value: "default", label: t("settings.cloudsDefault") },
              { value: "true", label: t("yes") },
              { value: "false", label: t("no") },
            ]}
          />
          {change.error && <ErrorAlert error={change.error} />}
          {patch.length > 0 && (
            <ShowCli command={openstack("baremetal", "node", verb, ...flags, nameOf(node))} />
          )}
          <Group>
            <Button type="submit" loading={change.isPending} disabled={patch.length === 0}>
              {t("save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Panel>
  );
}

function textOf(node: MetalNode, key: string): string {
  const value = (node as unknown as Record<string, unknown>)[key];
  return typeof value === "string" ? value : "";
}

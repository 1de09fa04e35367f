// What a node can do, in words that flavors ask for.
import { Button, Group, Stack, TagsInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { baremetal, done } from "../api/clients";
import { keys } from "../api/keys";
import { useChange } from "../api/queries";
import { ErrorAlert } from "../parts/ErrorAlert";
import { Panel } from "../parts/Panel";
import { openstack } from "../parts/shell_words";
import { ShowCli } from "../parts/ShowCli";
import { type MetalNode, nameOf } from "./models";

export function TraitsPanel({ node }: { node: MetalNode }) {
  const { t } = useTranslation("baremetal");
  const [said, setSaid] = useState<string[] | null>(null);
  const traits = said ?? node.traits;
  const change = useChange(
    async (wanted: string[]) => {
      const params = { path: { node_ident: node.uuid } };
      const body = { traits: wanted } as never;
      await done(baremetal.PUT("/nodes/{node_ident}/traits", { params, body }));
      setSaid(null);
    },
    [keys.nodes],
  );
  const same = [...traits].sort().join() === [...node.traits].sort().join();
  const gone = node.traits.filter((one) => !traits.includes(one));
  const fresh = traits.filter((one) => !node.traits.includes(one));
  const start = ["baremetal", "node"] as const;
  const cli = [
    fresh.length > 0 && openstack(...start, "add", "trait", nameOf(node), ...fresh),
    gone.length > 0 && openstack(...start, "remove", "trait", nameOf(node), ...gone),
  ].filter((one) => one !== false);
  return (
    <Panel title={t("settings.traits")}>
      <Stack gap="sm">
        <TagsInput
          label={t("settings.traits")}
          description={t("settings.traitsText")}
          value={traits}
          onChange={(words) => setSaid(words.map((one) => one.trim().toUpperCase()))}
        />
        {change.error && <ErrorAlert error={change.error} />}
        {!same && <ShowCli command={cli} />}
        <Group>
          <Button loading={change.isPending} disabled={same} onClick={() => change.mutate(traits)}>
            {t("save")}
          </Button>
        </Group>
      </Stack>
    </Panel>
  );
}

// What is said of a node, changed in place; secrets are written, never read.
import { SimpleGrid, Stack } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Facts } from "../parts/Facts";
import { Panel } from "../parts/Panel";
import { BmcCheck } from "./BmcCheck";
import { BootPanel } from "./BootPanel";
import { FirmwarePanel } from "./FirmwarePanel";
import { GeneralPanel } from "./GeneralPanel";
import { InfoPanel } from "./InfoPanel";
import { TraitsPanel } from "./TraitsPanel";
import type { MetalNode } from "./models";
import { FROM } from "./states";

const INTERFACES = [
  "power",
  "management",
  "boot",
  "deploy",
  "inspect",
  "network",
  "console",
  "raid",
  "bios",
  "rescue",
  "storage",
  "firmware",
  "vendor",
] as const;

export function SettingsTab({ node }: { node: MetalNode }) {
  const { t } = useTranslation("baremetal");
  return (
    <Stack>
      {FROM.manage.includes(node.provision_state) && node.provision_state === "enroll" && (
        <BmcCheck node={node} />
      )}
      <SimpleGrid cols={{ base: 1, md: 2 }} style={{ alignItems: "start" }}>
        <Stack>
          <GeneralPanel node={node} key={node.updated_at} />
          <BootPanel node={node} />
          <TraitsPanel node={node} />
        </Stack>
        <Stack>
          <InfoPanel node={node} field="driver_info" />
          <InfoPanel node={node} field="properties" />
          <Panel title={t("settings.interfaces")}>
            <Facts facts={INTERFACES.map((kind) => [kind, node[`${kind}_interface`]])} />
          </Panel>
        </Stack>
      </SimpleGrid>
      <FirmwarePanel node={node} />
    </Stack>
  );
}

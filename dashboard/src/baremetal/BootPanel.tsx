// What the machine boots from next, as its BMC says.
import { Button, Group, Select, Skeleton, Stack, Switch, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { baremetal, done } from "../api/clients";
import { keys } from "../api/keys";
import { useChange, useOne } from "../api/queries";
import { ErrorAlert } from "../parts/ErrorAlert";
import { Facts } from "../parts/Facts";
import { Panel } from "../parts/Panel";
import { openstack } from "../parts/shell_words";
import { ShowCli } from "../parts/ShowCli";
import { type MetalNode, nameOf } from "./models";
import { bootDeviceOf, bootDevicesOf } from "./queries";

export function BootPanel({ node }: { node: MetalNode }) {
  const { t } = useTranslation("baremetal");
  const device = useOne(bootDeviceOf(node.uuid), { every: 30_000 });
  const devices = useOne(bootDevicesOf(node.uuid), { every: false });
  const [wanted, setWanted] = useState<string | null>(null);
  const [lasting, setLasting] = useState(false);
  const change = useChange(
    (boot_device: string) => {
      const params = { path: { node_ident: node.uuid } };
      const body = { boot_device, persistent: lasting };
      return done(baremetal.PUT("/nodes/{node_ident}/management/boot_device", { params, body }));
    },
    [keys.nodes],
  );
  const persistent = device.data?.persistent;
  return (
    <Panel title={t("settings.boot")}>
      <Stack gap="sm">
        {device.error ? (
          <ErrorAlert error={device.error} again={() => void device.refetch()} />
        ) : device.isPending ? (
          <Skeleton height={60} />
        ) : (
          <Facts
            facts={[
              [t("boot.device"), device.data?.boot_device],
              [
                t("boot.lasting"),
                persistent === null || persistent === undefined
                  ? null
                  : t(persistent ? "yes" : "no"),
              ],
              [t("boot.mode"), node.boot_mode],
              [
                t("boot.secure"),
                node.secure_boot === null ? null : t(node.secure_boot ? "yes" : "no"),
              ],
            ]}
          />
        )}
        {devices.data && (
          <>
            <Select
              label={t("boot.next")}
              data={devices.data}
              value={wanted}
              onChange={setWanted}
              clearable
            />
            <Switch
              label={t("boot.always")}
              checked={lasting}
              onChange={(event) => setLasting(event.currentTarget.checked)}
            />
            <Text size="xs" c="dimmed">
              {t("boot.text")}
            </Text>
          </>
        )}
        {change.error && <ErrorAlert error={change.error} />}
        {wanted && (
          <ShowCli
            command={openstack(
              ...["baremetal", "node", "boot", "device", "set", nameOf(node), wanted],
              lasting && "--persistent",
            )}
          />
        )}
        <Group>
          <Button
            disabled={!wanted}
            loading={change.isPending}
            onClick={() => wanted && change.mutate(wanted)}
          >
            {t("boot.set")}
          </Button>
        </Group>
      </Stack>
    </Panel>
  );
}

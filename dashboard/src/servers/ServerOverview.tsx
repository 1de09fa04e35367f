// What it is, and how it came to be.
import { Group, Pill, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Server } from "../api/models";
import { readAll, useOne } from "../api/queries";
import { imageList } from "../images/queries";
import { Copied } from "../parts/Copied";
import { Facts } from "../parts/Facts";
import { Panel } from "../parts/Panel";
import { Sequence } from "../parts/Sequence";
import { When } from "../parts/When";
import { mib } from "../parts/times";
import { useTimeline } from "../parts/useTimeline";
import { capabilitiesOf } from "./queries";

export function ServerOverview({ server }: { server: Server }) {
  const { t } = useTranslation("servers");
  const told = useTimeline("servers", server.id);
  return (
    <Stack>
      <Panel title={t("facts")}>
        <ServerFacts server={server} />
      </Panel>
      <Panel title={t("sequence")}>
        <Sequence told={told} />
      </Panel>
    </Stack>
  );
}

function ServerFacts({ server }: { server: Server }) {
  const { t } = useTranslation("servers");
  const list = imageList();
  const images = useQuery({ ...list, queryFn: () => readAll(list), staleTime: 60_000 });
  const abilities = useOne(capabilitiesOf(server.id), { every: false });
  const imageId = server.image ? server.image.id : "";
  const image = images.data?.find((one) => one.id === imageId);
  const { flavor } = server;
  const runsOn = abilities.data?.runs_on;
  return (
    <Facts
      wide
      facts={[
        [
          t("addresses"),
          <div key="addresses">
            {Object.entries(server.addresses).flatMap(([network, all]) =>
              all.map((one) => (
                <Group key={one.addr} gap="0 6px">
                  <Copied text={one.addr} />
                  <Text size="xs" c="dimmed">
                    {network}
                    {one["OS-EXT-IPS:type"] === "floating" && ` · ${t("net.floating")}`}
                  </Text>
                </Group>
              )),
            )}
          </div>,
        ],
        [t("flavor"), flavor.original_name],
        [
          t("size"),
          `${flavor.vcpus} vCPU · ${mib(flavor.ram)} · ${flavor.disk} GiB ${t("launch.disk")}`,
        ],
        [
          t("image"),
          image?.name ?? (imageId && images.data ? `${imageId} (${t("imageGone")})` : imageId),
        ],
        [t("kind"), runsOn && t(`kind.${runsOn}`)],
        [t("key"), server.key_name],
        [t("zone"), server["OS-EXT-AZ:availability_zone"]],
        "OS-EXT-SRV-ATTR:host" in server && [t("host"), server["OS-EXT-SRV-ATTR:host"]],
        [t("created"), <When key="created" at={server.created} />],
        [t("launched"), <When key="launched" at={server["OS-SRV-USG:launched_at"]} />],
        (server.tags?.length ?? 0) > 0 && [
          t("tags"),
          <Group key="tags" gap={4}>
            {server.tags?.map((one) => (
              <Pill key={one}>{one}</Pill>
            ))}
          </Group>,
        ],
        [t("id"), <Copied key="id" text={server.id} />],
      ]}
    />
  );
}

// The server's screen or its serial line, live. Each opening asks Nova for an address of its own.
import { SegmentedControl, Skeleton, Stack, Text } from "@mantine/core";
import { IconDeviceDesktopOff } from "@tabler/icons-react";
import { Suspense, lazy, useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Server } from "../api/models";
import { type ConsoleKind, pageOf } from "../consoles/addresses";
import { serverStream } from "../consoles/asking";
import { Empty } from "../parts/Empty";
import { Panel } from "../parts/Panel";
import { openstack } from "../parts/shell_words";
import { ShowCli } from "../parts/ShowCli";
import { isMetal } from "./words";

const SHOWN_BY = {
  novnc: lazy(() => import("../consoles/Screen")),
  serial: lazy(() => import("../consoles/SerialLine")),
} as const;
const ASLEEP = ["SHUTOFF", "BUILD", "SUSPENDED", "SHELVED", "SHELVED_OFFLOADED", "DELETED"];

export default function ConsoleTab({ server }: { server: Server }) {
  const { t } = useTranslation("consoles");
  const metal = isMetal(server.flavor);
  const [chosen, setChosen] = useState<ConsoleKind>("novnc");
  const kind = metal ? "serial" : chosen;
  const asleep = !metal && ASLEEP.includes(server.status);
  return (
    <Panel>
      <Stack gap="sm">
        {metal ? (
          <Text size="sm" c="dimmed">
            {t("metal")}
          </Text>
        ) : (
          <SegmentedControl
            size="xs"
            maw={320}
            aria-label={t("choice")}
            value={chosen}
            onChange={(value) => setChosen(value as ConsoleKind)}
            data={(["novnc", "serial"] as const).map((value) => ({
              value,
              label: t(`choice.${value}`),
            }))}
          />
        )}
        {asleep ? (
          <Empty icon={IconDeviceDesktopOff} title={t("asleep")} text={t("asleepText")} />
        ) : (
          <Suspense fallback={<Skeleton h={400} />}>
            <Live key={kind} server={server} kind={kind} />
          </Suspense>
        )}
        <ShowCli command={openstack("console", "url", "show", `--${kind}`, server.name)} />
      </Stack>
    </Panel>
  );
}

function Live({ server: { id, name }, kind }: { server: Server; kind: ConsoleKind }) {
  const Shown = SHOWN_BY[kind];
  const address = useCallback(() => serverStream(id, kind), [id, kind]);
  return <Shown name={name} address={address} again page={pageOf({ by: "server", id, kind })} />;
}

// What the machine's serial line says: live, and as it was kept.
import { Button, Group, Select, Skeleton, Stack, Switch, Text } from "@mantine/core";
import { IconDownload, IconRefresh, IconTerminal2 } from "@tabler/icons-react";
import { Suspense, lazy, useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "../api/keys";
import { pageOf } from "../consoles/addresses";
import { nodeStream } from "../consoles/asking";
import { useChange, useList, useOne } from "../api/queries";
import { Empty } from "../parts/Empty";
import { ErrorAlert } from "../parts/ErrorAlert";
import { Panel } from "../parts/Panel";
import { Scroll } from "../parts/Scroll";
import { openstack } from "../parts/shell_words";
import { ShowCli } from "../parts/ShowCli";
import classes from "./ConsoleTab.module.css";
import { plainText } from "./console_text";
import { type MetalNode, nameOf } from "./models";
import { enableConsole, logOf, logsOf } from "./queries";

const SerialLine = lazy(() => import("../consoles/SerialLine"));
const LOOK_MS = 3000;

export function ConsoleTab({ node }: { node: MetalNode }) {
  return (
    <Stack>
      <Live node={node} />
      <Logs node={node} />
    </Stack>
  );
}

function Live({ node }: { node: MetalNode }) {
  const { t } = useTranslation("baremetal");
  const change = useChange((enabled: boolean) => enableConsole(node.uuid, enabled), [keys.nodes]);
  const none = node.console_interface === "no-console" || !node.console_interface;
  const verb = node.console_enabled ? "disable" : "enable";
  return (
    <Panel
      title={t("console.live")}
      actions={
        !none && (
          <Switch
            label={t("console.enabled")}
            checked={node.console_enabled}
            disabled={change.isPending}
            onChange={(event) => change.mutate(event.currentTarget.checked)}
          />
        )
      }
    >
      <Stack gap="sm">
        {change.error && <ErrorAlert error={change.error} />}
        {none && (
          <Text size="sm" c="dimmed">
            {t("console.none", { driver: node.driver })}
          </Text>
        )}
        {!none && !node.console_enabled && (
          <Text size="sm" c="dimmed">
            {t("console.off")}
          </Text>
        )}
        {node.console_enabled && (
          <Suspense fallback={<Skeleton height={360} />}>
            <Line uuid={node.uuid} name={nameOf(node)} />
          </Suspense>
        )}
        {!none && (
          <ShowCli
            command={[
              openstack("baremetal", "node", "console", verb, nameOf(node)),
              openstack("baremetal", "node", "console", "show", nameOf(node)),
            ]}
          />
        )}
      </Stack>
    </Panel>
  );
}

function Line({ uuid, name }: { uuid: string; name: string }) {
  const { t } = useTranslation("consoles");
  const closed = t("nodeClosed");
  const address = useCallback(() => nodeStream(uuid, closed), [uuid, closed]);
  return <SerialLine name={name} address={address} again page={pageOf({ by: "node", id: uuid })} />;
}

function Logs({ node }: { node: MetalNode }) {
  const { t } = useTranslation("baremetal");
  const logs = useList(logsOf(node.uuid), { every: 10_000 });
  const [wanted, setWanted] = useState<string | null>(null);
  const name = wanted ?? logs.data?.[0]?.name ?? "";
  const [following, setFollowing] = useState(true);
  const every = following ? LOOK_MS : false;
  const log = useOne(logOf(node.uuid, name), { enabled: name !== "", every });
  if (logs.error) return <ErrorAlert error={logs.error} again={() => void logs.refetch()} />;
  if (logs.data?.length === 0)
    return (
      <Panel title={t("console.logs")}>
        <Empty icon={IconTerminal2} title={t("console.noLogs")} text={t("console.noLogsText")} />
      </Panel>
    );
  return (
    <Panel title={t("console.logs")}>
      <Stack gap="sm">
        <Group gap="xs" align="flex-end">
          <Select
            size="xs"
            label={t("console.log")}
            allowDeselect={false}
            value={name}
            onChange={setWanted}
            data={(logs.data ?? []).map((one) => ({
              value: one.name,
              label: `${one.name} (${Math.ceil(one.size_bytes / 1024)} KiB)`,
            }))}
          />
          <Switch
            size="xs"
            mb={6}
            label={t("console.follow")}
            checked={following}
            onChange={(event) => setFollowing(event.currentTarget.checked)}
          />
          <Button
            size="xs"
            variant="default"
            leftSection={<IconRefresh size={14} aria-hidden />}
            onClick={() => void log.refetch()}
          >
            {t("console.read")}
          </Button>
          <Button
            size="xs"
            variant="default"
            disabled={!log.data}
            leftSection={<IconDownload size={14} aria-hidden />}
            onClick={() => download(`${nameOf(node)}-${name}.txt`, log.data ?? "")}
          >
            {t("console.download")}
          </Button>
        </Group>
        {log.error && <ErrorAlert error={log.error} />}
        {log.data !== undefined && (
          <Scroll label={name}>
            <pre className={classes.log}>{plainText(log.data) || t("console.silent")}</pre>
          </Scroll>
        )}
      </Stack>
    </Panel>
  );
}

function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(url), 1000);
}

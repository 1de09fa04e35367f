// The console's last lines, as text and nothing but text.
import { Button, Group, Select, Skeleton, Switch, Text } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { save } from "../app/cli_files";
import type { Server } from "../api/models";
import { useOne } from "../api/queries";
import { ErrorAlert } from "../parts/ErrorAlert";
import { Panel } from "../parts/Panel";
import { ShowCli } from "../parts/ShowCli";
import { openstack } from "../parts/shell_words";
import { consoleLogOf } from "./queries";
import classes from "./LogTab.module.css";

const LINES = ["50", "200", "1000", "-1"];
const FOLLOW_MS = 3000;

export default function LogTab({ server }: { server: Server }) {
  const { t } = useTranslation("servers");
  const [lines, setLines] = useState("200");
  const [follow, setFollow] = useState(true);
  const log = useOne(consoleLogOf(server.id, Number(lines)), { every: follow && FOLLOW_MS });
  const box = useRef<HTMLPreElement>(null);
  useEffect(() => {
    if (follow && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [log.data, follow]);
  return (
    <Panel>
      <Group mb="sm" gap="md">
        <Select
          size="xs"
          w={110}
          allowDeselect={false}
          aria-label={t("log.lines")}
          value={lines}
          onChange={(value) => setLines(value ?? "200")}
          data={LINES.map((one) => ({
            value: one,
            label: one === "-1" ? t("log.all") : `${one} ${t("log.lines").toLowerCase()}`,
          }))}
        />
        <Switch
          label={t("log.follow")}
          checked={follow}
          onChange={(event) => setFollow(event.currentTarget.checked)}
        />
        <Button
          ml="auto"
          size="xs"
          variant="default"
          disabled={!log.data}
          leftSection={<IconDownload size={14} aria-hidden />}
          onClick={() => save(`${server.name}.log`, log.data ?? "")}
        >
          {t("log.download")}
        </Button>
      </Group>
      {log.error && <ErrorAlert error={log.error} />}
      {log.isPending && <Skeleton h={200} />}
      {log.data === "" && <Text c="dimmed">{t("log.empty")}</Text>}
      {log.data && (
        // A region that scrolls must take the focus, or the keyboard cannot scroll it.
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        <pre ref={box} className={classes.log} tabIndex={0} aria-label={t("log.label")}>
          {log.data}
        </pre>
      )}
      <ShowCli command={openstack("console", "log", "show", "--lines", lines, server.name)} />
    </Panel>
  );
}

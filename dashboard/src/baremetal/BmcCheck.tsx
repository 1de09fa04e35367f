// "Check the BMC": whether it was told enough, whether it answers, and exactly why it does not.
import { Button, Group, Loader, Stack, Text } from "@mantine/core";
import { IconPlugConnected } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "../api/keys";
import { ErrorAlert } from "../parts/ErrorAlert";
import { Panel } from "../parts/Panel";
import { openstack } from "../parts/shell_words";
import { ShowCli } from "../parts/ShowCli";
import { StateBadge } from "../parts/StateBadge";
import { type Verdict, checkBmc } from "./enroll";
import { type MetalNode, type Validation, nameOf } from "./models";

interface Props {
  node: MetalNode;
  /** What leads to the place where a wrong address or login is corrected, if it is not here. */
  correct?: ReactNode;
}

export function BmcCheck({ node, correct }: Props) {
  const { t } = useTranslation("baremetal");
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const leaving = useRef(new AbortController());
  useEffect(() => {
    const left = new AbortController();
    leaving.current = left;
    return () => left.abort();
  }, []);

  async function check(): Promise<void> {
    setBusy(true);
    setError(null);
    setVerdict(null);
    try {
      setVerdict(await checkBmc(node.uuid, leaving.current.signal));
    } catch (problem) {
      setError(problem as Error);
    } finally {
      setBusy(false);
      await client.invalidateQueries({ queryKey: keys.nodes });
    }
  }

  return (
    <Panel title={t("check.title", { node: nameOf(node) })}>
      <Stack>
        <Text size="sm">{t("check.text")}</Text>
        <Group>
          <Button
            onClick={() => void check()}
            loading={busy}
            leftSection={<IconPlugConnected size={16} aria-hidden />}
          >
            {t(verdict || error ? "check.again" : "check.do")}
          </Button>
        </Group>
        <div aria-live="polite">
          {busy && (
            <Group gap="xs">
              <Loader size="xs" aria-hidden />
              <Text size="sm">{t("check.asking")}</Text>
            </Group>
          )}
          {error && <ErrorAlert error={error} />}
          {verdict && <Answer verdict={verdict} />}
          {verdict && !answered(verdict) && correct}
        </div>
        <ShowCli
          command={[
            openstack("baremetal", "node", "validate", nameOf(node)),
            openstack("baremetal", "node", "manage", nameOf(node), "--wait"),
          ]}
        />
      </Stack>
    </Panel>
  );
}

function answered({ node }: Verdict): boolean {
  return node.provision_state === "manageable";
}

function Answer({ verdict }: { verdict: Verdict }) {
  const { t } = useTranslation("baremetal");
  const { node, validation } = verdict;
  const good = answered(verdict);
  return (
    <Stack gap="sm">
      <Group gap="xs" align="flex-start" wrap="nowrap">
        <StateBadge
          state={t(good ? "check.answers" : "check.fails")}
          tone={good ? "good" : "bad"}
        />
        {good && (
          <Text size="sm">{t("check.power", { power: node.power_state ?? t("unknown") })}</Text>
        )}
      </Group>
      {!good && <ErrorAlert error={new Error(node.last_error ?? t("check.silent"))} />}
      <Validated validation={validation} />
    </Stack>
  );
}

/** What each interface says of what it was told: what is wrong first. */
export function Validated({ validation }: { validation: Validation }) {
  const { t } = useTranslation("baremetal");
  const all = Object.entries(validation);
  const wrong = all.filter(([, one]) => one.result === false);
  const right = all.filter(([, one]) => one.result === true).map(([name]) => name);
  return (
    <Stack gap={6}>
      {wrong.map(([name, one]) => (
        <Group key={name} gap="xs" align="flex-start" wrap="nowrap">
          <StateBadge state={name} tone="warn" />
          <Text size="sm">{one.reason}</Text>
        </Group>
      ))}
      {right.length > 0 && (
        <Text size="sm" c="dimmed">
          {t("check.right", { names: right.join(", ") })}
        </Text>
      )}
    </Stack>
  );
}

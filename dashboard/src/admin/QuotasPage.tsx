// What a project may use, changed in place.
import { Button, Group, NumberInput, Select, Stack } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { compute, done } from "../api/clients";
import { keys } from "../api/keys";
import { useChange, useList, useOne } from "../api/queries";
import { useSession } from "../api/session";
import { projectList } from "../identity/queries";
import { ErrorAlert } from "../parts/ErrorAlert";
import { Page } from "../parts/Page";
import { Panel } from "../parts/Panel";
import { openstack } from "../parts/shell_words";
import { ShowCli } from "../parts/ShowCli";
import type { QuotaSet } from "./models";
import { quotaOf } from "./queries";

const NAMES = [
  "instances",
  "cores",
  "ram",
  "key_pairs",
  "metadata_items",
  "server_groups",
  "server_group_members",
] as const;

/** The client's own words for what it calls otherwise. */
const OPTIONS: Record<string, string> = { metadata_items: "properties" };

export function QuotasPage() {
  const { t } = useTranslation("admin");
  const session = useSession();
  const projects = useList(projectList());
  const [chosen, setChosen] = useState<string | null>(null);
  const projectId = chosen ?? session?.project?.id ?? "";
  const quota = useOne(quotaOf(projectId), { enabled: projectId !== "" });
  const failed = projects.error ?? quota.error;
  return (
    <Page title={t("quotas")} about={t("quotas.about")}>
      <Stack>
        <Select
          label={t("project")}
          data={(projects.data ?? []).map((one) => ({ value: one.id, label: one.name }))}
          value={projectId}
          onChange={setChosen}
          allowDeselect={false}
          searchable
          maw={420}
        />
        {failed && <ErrorAlert error={failed} />}
        {quota.data && <Limits key={projectId} projectId={projectId} quota={quota.data} />}
      </Stack>
    </Page>
  );
}

function Limits({ projectId, quota }: { projectId: string; quota: QuotaSet }) {
  const { t } = useTranslation("admin");
  const [said, setSaid] = useState<Record<string, number>>({});
  const changed = Object.entries(said).filter(([name, limit]) => quota[name]?.limit !== limit);
  const change = useChange(async () => {
    const params = { path: { project_id: projectId } };
    const body = { quota_set: Object.fromEntries(changed) } as never;
    await done(compute.PUT("/os-quota-sets/{project_id}", { params, body }));
    setSaid({});
  }, [keys.limits]);
  const words = changed.flatMap(([name, limit]) => [
    `--${(OPTIONS[name] ?? name).replaceAll("_", "-")}`,
    String(limit),
  ]);
  return (
    <Panel title={t("quotas.limits")}>
      <Stack gap="sm" maw={420}>
        {NAMES.map((name) => {
          const one = quota[name];
          return (
            one && (
              <NumberInput
                key={name}
                label={t(`quota.${name}`)}
                description={t("quotas.used", { used: one.in_use })}
                value={said[name] ?? one.limit}
                min={-1}
                allowDecimal={false}
                onChange={(value) =>
                  typeof value === "number" && setSaid({ ...said, [name]: value })
                }
              />
            )
          );
        })}
        {change.error && <ErrorAlert error={change.error} />}
        {changed.length > 0 && <ShowCli command={openstack("quota", "set", ...words, projectId)} />}
        <Group>
          <Button
            loading={change.isPending}
            disabled={changed.length === 0}
            onClick={() => change.mutate()}
          >
            {t("save")}
          </Button>
        </Group>
      </Stack>
    </Panel>
  );
}

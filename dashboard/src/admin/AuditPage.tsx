// Both sides of everything, compared when asked for: nothing left over is the good answer.
import { Alert, Button, Stack, Text } from "@mantine/core";
import { IconCircleCheck, IconRefresh, IconShieldCheck } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { textColumn } from "../parts/columns";
import { Empty } from "../parts/Empty";
import { ErrorAlert } from "../parts/ErrorAlert";
import { Page } from "../parts/Page";
import { ResourceTable } from "../parts/ResourceTable";
import { ShowCli } from "../parts/ShowCli";
import type { Audit, Leftover } from "./models";
import { runAudit } from "./queries";

const CLI = 'curl -H "X-Auth-Token: $(openstack token issue -f value -c id)" URL/unkai/v1/audit';

export function AuditPage() {
  const { t } = useTranslation("admin");
  const audit = useMutation({ mutationFn: runAudit });
  const run = (
    <Button
      leftSection={<IconRefresh size={16} aria-hidden />}
      loading={audit.isPending}
      onClick={() => audit.mutate()}
    >
      {t("audit.run")}
    </Button>
  );
  return (
    <Page title={t("audit")} about={t("audit.about")} actions={run}>
      <Stack>
        {audit.error && <ErrorAlert error={audit.error} again={() => audit.mutate()} />}
        {audit.data ? (
          <Result found={audit.data} />
        ) : (
          <Empty icon={IconShieldCheck} title={t("audit.first")} text={t("audit.firstText")} />
        )}
        <ShowCli command={CLI.replace("URL", window.location.origin)} />
      </Stack>
    </Page>
  );
}

function Result({ found }: { found: Audit }) {
  const { t } = useTranslation("admin");
  const columns = (["where", "kind", "id", "problem"] as const).map((key) =>
    textColumn<Leftover>({
      key,
      header: t(key),
      width: key === "problem" ? undefined : "20%",
      from: key === "id" ? 760 : undefined,
      text: (one) => one[key],
      mono: key === "id",
    }),
  );
  const looked = t("audit.looked", { places: found.looked_at.join(", ") });
  if (found.leftovers.length === 0)
    return (
      <Alert
        variant="outline"
        color="green"
        role="status"
        icon={<IconCircleCheck aria-hidden />}
        title={t("audit.clean")}
        styles={{ title: { color: "var(--unkai-good)" } }}
      >
        <Text size="sm">{looked}</Text>
      </Alert>
    );
  return (
    <>
      <Text size="sm" role="status">
        {t("audit.found", { count: found.leftovers.length })} {looked}
      </Text>
      <ResourceTable
        label={t("audit")}
        rows={found.leftovers}
        columns={columns}
        id={(one) => `${one.where}/${one.kind}/${one.id}/${one.problem}`}
        name={(one) => one.id}
        empty={null}
      />
    </>
  );
}

// The durable work of the cloud: what is under way, and what blocks it.
import { Switch } from "@mantine/core";
import { IconChecks } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useList } from "../api/queries";
import { Empty } from "../parts/Empty";
import { Page } from "../parts/Page";
import { type Column, ResourceTable } from "../parts/ResourceTable";
import { StateBadge } from "../parts/StateBadge";
import { When } from "../parts/When";
import { parseTime } from "../parts/times";
import type { Operation } from "./models";
import { operationList } from "./queries";
import { Words } from "./words";

export function OperationsPage() {
  const { t } = useTranslation("admin");
  const [active, setActive] = useState(true);
  const found = useList(operationList(active));
  const choice = (
    <Switch
      label={t("operations.active")}
      checked={active}
      onChange={(event) => setActive(event.currentTarget.checked)}
    />
  );
  return (
    <Page title={t("operations")} about={t("operations.about")} actions={choice}>
      <ResourceTable
        label={t("operations")}
        rows={found.data}
        error={found.error}
        again={() => void found.refetch()}
        columns={useColumns()}
        id={(one) => one.id}
        name={(one) => `${one.kind} ${one.subject}`}
        state={(one) => one.state}
        searchMore={(one) => one.id}
        sort={{ key: "updated", down: true }}
        empty={
          <Empty
            icon={IconChecks}
            title={t("operations.empty")}
            text={active ? t("operations.emptyText") : undefined}
          />
        }
      />
    </Page>
  );
}

function useColumns(): Column<Operation>[] {
  const { t } = useTranslation("admin");
  const why = (one: Operation) => one.blocker ?? one.error ?? one.step;
  return [
    {
      key: "kind",
      header: t("kind"),
      width: "22%",
      value: (one) => one.kind,
      cell: (one) => <Words text={one.kind} />,
    },
    {
      key: "subject",
      header: t("subject"),
      width: "24%",
      from: 640,
      value: (one) => one.subject,
      cell: (one) => <Words text={one.subject} mono />,
    },
    {
      key: "state",
      header: t("state"),
      width: "18%",
      value: (one) => one.state,
      cell: (one) => (
        <StateBadge state={one.state} tone={one.state === "done" ? "good" : undefined} />
      ),
    },
    { key: "why", header: t("why"), value: why, cell: (one) => <Words text={why(one)} /> },
    {
      key: "updated",
      header: t("updated"),
      width: "15%",
      from: 760,
      value: (one) => parseTime(one.updated_at),
      cell: (one) => <When at={one.updated_at} />,
    },
  ];
}

// The durable work of the cloud: what is under way, and what blocks it.
import { Switch } from "@mantine/core";
import { IconChecks } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useList } from "../api/queries";
import { stateColumn, textColumn, timeColumn } from "../parts/columns";
import { Empty } from "../parts/Empty";
import { Page } from "../parts/Page";
import { type Column, ResourceTable } from "../parts/ResourceTable";
import type { Operation } from "./models";
import { operationList } from "./queries";

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
  return [
    textColumn({ key: "kind", header: t("kind"), width: "22%", text: (one) => one.kind }),
    textColumn({
      key: "subject",
      header: t("subject"),
      width: "24%",
      from: 640,
      text: (one) => one.subject,
      mono: true,
    }),
    stateColumn({
      key: "state",
      header: t("state"),
      width: "18%",
      state: (one) => one.state,
      tone: (one) => (one.state === "done" ? "good" : undefined),
    }),
    textColumn({
      key: "why",
      header: t("why"),
      text: (one) => one.blocker ?? one.error ?? one.step,
    }),
    timeColumn({
      key: "updated",
      header: t("updated"),
      width: "15%",
      from: 760,
      at: (one) => one.updated_at,
    }),
  ];
}

// Groups of hosts, by which flavors and zones choose where servers may go.
import { IconPencil, IconStack2 } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useList } from "../api/queries";
import { NewButton } from "../parts/buttons";
import { textColumn } from "../parts/columns";
import { Empty } from "../parts/Empty";
import { openForm } from "../parts/form";
import { TextLink } from "../parts/links";
import { Page } from "../parts/Page";
import { ThingTable } from "../parts/ThingTable";
import { AggregateForm } from "./AggregateForm";
import { aggregateList, ownMetadata } from "./aggregates";
import { useAggregateRemoval } from "./AggregatePage";
import type { Aggregate } from "./models";
import { toLines } from "../parts/spec_lines";

export function AggregatesPage() {
  const { t } = useTranslation(["admin", "parts"]);
  const navigate = useNavigate();
  const found = useList(aggregateList());
  const remove = useAggregateRemoval();
  const create = (
    <NewButton label={t("aggregates.new")} form={(close) => <AggregateForm close={close} />} />
  );
  const edit = (one: Aggregate) =>
    openForm(t("parts:editOf", { name: one.name }), (close) => (
      <AggregateForm aggregate={one} close={close} />
    ));
  return (
    <Page title={t("aggregates")} about={t("aggregates.about")} actions={create}>
      <ThingTable
        label={t("aggregates")}
        found={found}
        columns={useColumns()}
        name={(one) => one.name}
        open={(one) => void navigate(pageOf(one))}
        deeds={(one) => [{ label: t("parts:edit"), icon: IconPencil, start: () => edit(one) }]}
        remove={remove}
        removable={(one) => one.hosts.length === 0}
        empty={
          <Empty
            icon={IconStack2}
            title={t("aggregates.empty")}
            text={t("aggregates.emptyText")}
            action={create}
          />
        }
      />
    </Page>
  );
}

function pageOf(one: Aggregate) {
  return {
    to: "/admin/aggregates/$aggregateId",
    params: { aggregateId: String(one.id) },
  } as const;
}

function useColumns() {
  const { t } = useTranslation("admin");
  return [
    {
      key: "name",
      header: t("name"),
      value: (one: Aggregate) => one.name,
      cell: (one: Aggregate) => (
        <TextLink {...pageOf(one)} fw={550} truncate>
          {one.name}
        </TextLink>
      ),
    },
    textColumn<Aggregate>({
      key: "zone",
      header: t("zone"),
      width: "26%",
      text: (one) => one.availability_zone,
    }),
    textColumn<Aggregate>({
      key: "hosts",
      header: t("hosts"),
      width: "30%",
      from: 560,
      text: (one) => one.hosts.join(", "),
    }),
    textColumn<Aggregate>({
      key: "metadata",
      header: t("metadata"),
      from: 900,
      text: (one) => toLines(ownMetadata(one)).replaceAll("\n", ", "),
      mono: true,
    }),
  ];
}

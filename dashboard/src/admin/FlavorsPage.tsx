// Sizes of servers, and how many more of each fit now.
import { IconListDetails, IconPlayerPlay, IconRuler2 } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { compute, done } from "../api/clients";
import { keys } from "../api/keys";
import type { Flavor } from "../api/models";
import { NewButton } from "../parts/buttons";
import { useList, useOne } from "../api/queries";
import { Empty } from "../parts/Empty";
import { textColumn } from "../parts/columns";
import { ThingTable } from "../parts/ThingTable";
import { openForm } from "../parts/form";
import { Page } from "../parts/Page";
import { useRemoval } from "../parts/removal";
import { type Column } from "../parts/ResourceTable";
import { openstack } from "../parts/shell_words";
import { mib } from "../parts/times";
import { FlavorForm, SpecsForm } from "./FlavorForm";
import { allFlavors, flavorCapacity } from "./queries";
import { toLines } from "../parts/spec_lines";

export function FlavorsPage() {
  const { t } = useTranslation("admin");
  const navigate = useNavigate();
  const flavors = useList(allFlavors());
  const remove = useRemoval<Flavor>({
    name: (one) => one.name,
    cli: (one) => openstack("flavor", "delete", one.id),
    remove: (one) => {
      const params = { path: { flavor_id: one.id } };
      return done(compute.DELETE("/flavors/{flavor_id}", { params }));
    },
    about: t("flavors.deleteText"),
    stale: [keys.flavors],
  });
  const create = (
    <NewButton label={t("flavors.new")} form={(close) => <FlavorForm close={close} />} />
  );
  const launch = (one: Flavor) =>
    void navigate({ to: "/servers/launch", search: { flavor: one.id } });
  const specs = (one: Flavor) =>
    openForm(t("flavors.specsOf", { name: one.name }), (close) => (
      <SpecsForm flavor={one} close={close} />
    ));
  return (
    <Page title={t("flavors")} about={t("flavors.about")} actions={create}>
      <ThingTable
        label={t("flavors")}
        found={flavors}
        columns={useColumns()}
        name={(one) => one.name}
        searchMore={(one) => toLines(one.extra_specs)}
        deeds={(one) => [
          { label: t("flavors.launch"), icon: IconPlayerPlay, start: () => launch(one) },
          { label: t("flavors.specs"), icon: IconListDetails, start: () => specs(one) },
        ]}
        remove={remove}
        empty={<Empty icon={IconRuler2} title={t("flavors.empty")} action={create} />}
      />
    </Page>
  );
}

function sizeOf(one: Flavor): string {
  return `${one.vcpus} vCPU · ${mib(one.ram)} · ${one.disk} GiB`;
}

function useColumns(): Column<Flavor>[] {
  const { t } = useTranslation("admin");
  const capacity = useOne(flavorCapacity());
  const fits = new Map((capacity.data ?? []).map((one) => [one.id, one.fits]));
  return [
    textColumn({ key: "name", header: t("name"), text: (one) => one.name, strong: true }),
    {
      ...textColumn({ key: "size", header: t("size"), width: "30%", text: sizeOf }),
      value: (one) => one.ram,
    },
    {
      key: "fits",
      header: t("fits"),
      width: "14%",
      align: "right",
      value: (one) => fits.get(one.id),
      cell: (one) => fits.get(one.id) ?? "–",
    },
    textColumn({
      key: "access",
      header: t("access"),
      width: "14%",
      from: 760,
      text: (one) => t(one["os-flavor-access:is_public"] ? "public" : "private"),
    }),
    textColumn({
      key: "specs",
      header: t("flavors.specs"),
      from: 900,
      text: (one) => toLines(one.extra_specs).replaceAll("\n", ", "),
      mono: true,
    }),
  ];
}

// Sizes of servers, and how many more of each fit now.
import { Button, Text } from "@mantine/core";
import {
  IconListDetails,
  IconPlayerPlay,
  IconPlus,
  IconRuler2,
  IconTrash,
} from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { compute, done } from "../api/clients";
import { keys } from "../api/keys";
import type { Flavor } from "../api/models";
import { useList, useOne } from "../api/queries";
import { Empty } from "../parts/Empty";
import { openForm } from "../parts/form";
import { Page } from "../parts/Page";
import { useRemoval } from "../parts/removal";
import { type Column, ResourceTable } from "../parts/ResourceTable";
import { RowMenu } from "../parts/RowMenu";
import { openstack } from "../parts/shell_words";
import { mib } from "../parts/times";
import { FlavorForm, SpecsForm } from "./FlavorForm";
import { allFlavors, flavorCapacity } from "./queries";
import { toLines } from "./spec_lines";
import { Words } from "./words";

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
    <Button
      leftSection={<IconPlus size={16} aria-hidden />}
      onClick={() => openForm(t("flavors.new"), (close) => <FlavorForm close={close} />)}
    >
      {t("flavors.new")}
    </Button>
  );
  const launch = (one: Flavor) =>
    void navigate({ to: "/servers/launch", search: { flavor: one.id } });
  const specs = (one: Flavor) =>
    openForm(t("flavors.specsOf", { name: one.name }), (close) => (
      <SpecsForm flavor={one} close={close} />
    ));
  return (
    <Page title={t("flavors")} about={t("flavors.about")} actions={create}>
      <ResourceTable
        label={t("flavors")}
        rows={flavors.data}
        error={flavors.error}
        again={() => void flavors.refetch()}
        columns={useColumns()}
        id={(one) => one.id}
        name={(one) => one.name}
        searchMore={(one) => `${one.id} ${toLines(one.extra_specs)}`}
        sort={{ key: "name", down: false }}
        actions={(one) => (
          <RowMenu
            label={t("actionsOf", { name: one.name })}
            deeds={[
              { label: t("flavors.launch"), icon: IconPlayerPlay, start: () => launch(one) },
              { label: t("flavors.specs"), icon: IconListDetails, start: () => specs(one) },
              { label: t("delete"), icon: IconTrash, danger: true, start: () => remove([one]) },
            ]}
          />
        )}
        empty={<Empty icon={IconRuler2} title={t("flavors.empty")} action={create} />}
      />
    </Page>
  );
}

function useColumns(): Column<Flavor>[] {
  const { t } = useTranslation("admin");
  const capacity = useOne(flavorCapacity());
  const fits = new Map((capacity.data ?? []).map((one) => [one.id, one.fits]));
  return [
    {
      key: "name",
      header: t("name"),
      value: (one) => one.name,
      cell: (one) => <Words text={one.name} />,
    },
    {
      key: "size",
      header: t("size"),
      width: "30%",
      value: (one) => one.ram,
      cell: (one) => (
        <Text size="sm" truncate>
          {`${one.vcpus} vCPU · ${mib(one.ram)} · ${one.disk} GiB`}
        </Text>
      ),
    },
    {
      key: "fits",
      header: t("fits"),
      width: "14%",
      align: "right",
      value: (one) => fits.get(one.id),
      cell: (one) => fits.get(one.id) ?? "–",
    },
    {
      key: "access",
      header: t("access"),
      width: "14%",
      from: 760,
      value: (one) => t(one["os-flavor-access:is_public"] ? "public" : "private"),
      cell: (one) => t(one["os-flavor-access:is_public"] ? "public" : "private"),
    },
    {
      key: "specs",
      header: t("flavors.specs"),
      from: 900,
      value: (one) => toLines(one.extra_specs),
      cell: (one) => <Words text={toLines(one.extra_specs).replaceAll("\n", ", ")} mono />,
    },
  ];
}

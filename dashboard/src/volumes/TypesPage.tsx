// Kinds of volumes that projects may choose from: administrators say what each asks for.
import { Badge, Group, Stack, Title } from "@mantine/core";
import { IconCategory, IconListDetails, IconPencil } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useList, useOne } from "../api/queries";
import { NewButton } from "../parts/buttons";
import { textColumn } from "../parts/columns";
import { Empty } from "../parts/Empty";
import { openForm } from "../parts/form";
import { TextLink } from "../parts/links";
import { Page } from "../parts/Page";
import { useRemoval } from "../parts/removal";
import type { Column } from "../parts/ResourceTable";
import { openstack } from "../parts/shell_words";
import { toLines } from "../parts/spec_lines";
import { ThingTable } from "../parts/ThingTable";
import { GroupTypes } from "./GroupTypes";
import { QosSection } from "./QosSection";
import { SpecsForm, TypeForm } from "./TypeForms";
import type { VolumeType } from "./models";
import { allTypes, defaultType } from "./queries";
import { VOLUME_TYPE, remove } from "./things";

export function useTypeRemoval() {
  const { t } = useTranslation("volumes");
  return useRemoval<VolumeType>({
    name: (one) => one.name,
    cli: (one) => openstack("volume", "type", "delete", one.id),
    remove: (one) => remove(VOLUME_TYPE, one.id),
    about: t("removeAbout.type"),
    stale: VOLUME_TYPE.stale,
  });
}

export function TypesPage() {
  const { t } = useTranslation("volumes");
  const navigate = useNavigate();
  const found = useList(allTypes());
  const usual = useOne(defaultType()).data?.id;
  const remove = useTypeRemoval();
  const create = (
    <NewButton label={t("type.create")} form={(close) => <TypeForm close={close} />} />
  );
  return (
    <Page title={t("types")} about={t("types.about")} actions={create}>
      <Stack>
        <ThingTable
          label={t("types")}
          found={found}
          columns={useColumns(usual)}
          name={(one) => one.name}
          searchMore={(one) => toLines(one.extra_specs)}
          open={(one) => void navigate({ to: "/volume-types/$typeId", params: { typeId: one.id } })}
          deeds={(one) => [
            {
              label: t("edit"),
              icon: IconPencil,
              start: () =>
                openForm(t("edit.of", { name: one.name }), (close) => (
                  <TypeForm type={one} close={close} />
                )),
            },
            {
              label: t("specs"),
              icon: IconListDetails,
              start: () =>
                openForm(t("specs.of", { name: one.name }), (close) => (
                  <SpecsForm type={one} close={close} />
                )),
            },
          ]}
          remove={remove}
          removable={(one) => one.id !== usual}
          empty={<Empty icon={IconCategory} title={t("types.empty")} action={create} />}
        />
        <Title order={2} size="h4">
          {t("qos")}
        </Title>
        <QosSection />
        <Title order={2} size="h4">
          {t("groupTypes")}
        </Title>
        <GroupTypes />
      </Stack>
    </Page>
  );
}

function useColumns(usual: string | undefined): Column<VolumeType>[] {
  const { t } = useTranslation("volumes");
  return [
    {
      key: "name",
      header: t("name"),
      value: (one) => one.name,
      cell: (one) => (
        <Group gap={8} wrap="nowrap">
          <TextLink
            to="/volume-types/$typeId"
            params={{ typeId: one.id }}
            fw={550}
            truncate
            title={one.name}
          >
            {one.name}
          </TextLink>
          {one.id === usual && (
            <Badge
              variant="outline"
              color="gray"
              c="var(--mantine-color-text)"
              tt="none"
              style={{ flex: "none" }}
            >
              {t("type.default")}
            </Badge>
          )}
        </Group>
      ),
    },
    textColumn({
      key: "access",
      header: t("access"),
      width: "16%",
      from: 560,
      text: (one) => t(one.is_public ? "access.public" : "access.private"),
    }),
    textColumn({
      key: "specs",
      header: t("specs"),
      width: "30%",
      from: 760,
      text: (one) => toLines(one.extra_specs).replaceAll("\n", ", "),
      mono: true,
    }),
    textColumn({
      key: "description",
      header: t("description"),
      width: "26%",
      from: 1000,
      text: (one) => one.description,
    }),
  ];
}

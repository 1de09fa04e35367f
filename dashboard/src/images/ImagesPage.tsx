// All images that servers of this project can boot from.
import { Text } from "@mantine/core";
import { IconDisc, IconPlus } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Image } from "../api/models";
import { useList } from "../api/queries";
import { useSession } from "../api/session";
import { Empty } from "../parts/Empty";
import { ButtonLink, TextLink } from "../parts/links";
import { Page } from "../parts/Page";
import { type Column } from "../parts/ResourceTable";
import { ThingTable } from "../parts/ThingTable";
import { StateBadge } from "../parts/StateBadge";
import { When } from "../parts/When";
import { parseTime } from "../parts/times";
import { imageList } from "./queries";
import { useImageRemoval } from "./removal";
import { bytes, nameOf } from "./words";

export function ImagesPage() {
  const { t } = useTranslation(["images", "parts"]);
  const navigate = useNavigate();
  const images = useList(imageList());
  const remove = useImageRemoval();
  const project = useSession()?.project?.id;
  const upload = (
    <ButtonLink to="/images/upload" leftSection={<IconPlus size={16} aria-hidden />}>
      {t("upload")}
    </ButtonLink>
  );
  return (
    <Page title={t("title")} about={t("about")} actions={upload}>
      <ThingTable
        label={t("title")}
        found={images}
        columns={useColumns()}
        name={nameOf}
        state={(one) => one.visibility}
        searchMore={(one) => `${one.status} ${one.tags.join(" ")}`}
        open={(one) => void navigate({ to: "/images/$imageId", params: { imageId: one.id } })}
        remove={remove}
        removable={(one) => !one.protected && one.owner === project}
        empty={<Empty icon={IconDisc} title={t("empty")} text={t("emptyText")} action={upload} />}
      />
    </Page>
  );
}

function useColumns(): Column<Image>[] {
  const { t } = useTranslation("images");
  return [
    {
      key: "name",
      header: t("name"),
      value: nameOf,
      cell: (one) => (
        <TextLink to="/images/$imageId" params={{ imageId: one.id }} fw={550} title={nameOf(one)}>
          {nameOf(one)}
        </TextLink>
      ),
    },
    {
      key: "status",
      header: t("status"),
      width: "18%",
      value: (one) => one.status,
      cell: (one) => <StateBadge state={one.status} />,
    },
    {
      key: "visibility",
      header: t("visibility"),
      width: "15%",
      from: 700,
      value: (one) => one.visibility,
      cell: (one) => <Text size="sm">{t(`visibility.${one.visibility}`)}</Text>,
    },
    {
      key: "format",
      header: t("format"),
      width: "11%",
      from: 900,
      value: (one) => one.disk_format,
      cell: (one) => <Text size="sm">{one.disk_format ?? "–"}</Text>,
    },
    {
      key: "size",
      header: t("size"),
      width: "110px",
      from: 560,
      align: "right",
      value: (one) => one.size,
      cell: (one) => <Text size="sm">{one.size === null ? "–" : bytes(one.size)}</Text>,
    },
    {
      key: "created",
      header: t("created"),
      width: "15%",
      from: 1000,
      value: (one) => parseTime(one.created_at),
      cell: (one) => <When at={one.created_at} />,
    },
  ];
}

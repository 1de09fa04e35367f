// One image: what it is, who may use it, and what is said about it, changed in place.
import { Button, Group, SimpleGrid, Stack } from "@mantine/core";
import { IconPlayerPlay, IconPlayerStop } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { keys } from "../api/keys";
import type { Image } from "../api/models";
import { DeleteButton, EditButton } from "../parts/buttons";
import { Copied } from "../parts/Copied";
import { Facts } from "../parts/Facts";
import { ButtonLink } from "../parts/links";
import { Panel } from "../parts/Panel";
import { ThingPage } from "../parts/ThingPage";
import { StateBadge } from "../parts/StateBadge";
import { When } from "../parts/When";
import { confirm } from "../parts/confirm";
import { openstack } from "../parts/shell_words";
import { mib } from "../parts/times";
import { setActive } from "./actions";
import { EditForm } from "./EditForm";
import { Members } from "./Members";
import { Properties } from "./Properties";
import { imageOne } from "./queries";
import { useImageRemoval } from "./removal";
import { Tags } from "./Tags";
import { bytes, nameOf } from "./words";

export function ImagePage() {
  const { t } = useTranslation("images");
  const { imageId } = useParams({ from: "/shell/images/$imageId" });
  return (
    <ThingPage
      spec={imageOne(imageId)}
      title={t("image")}
      crumb={{ label: t("title"), to: "/images" }}
      name={nameOf}
      mark={(one) => <StateBadge state={one.status} />}
      actions={(one) => <Actions image={one} />}
    >
      {(image) => (
        <Stack>
          <SimpleGrid cols={{ base: 1, md: 2 }}>
            <Panel title={t("facts")}>
              <About image={image} />
            </Panel>
            <Stack>
              <Panel title={t("data")}>
                <Data image={image} />
              </Panel>
              <Panel title={t("tags")}>
                <Tags image={image} />
              </Panel>
            </Stack>
          </SimpleGrid>
          <Properties image={image} />
          {image.visibility === "shared" && <Members image={image} />}
        </Stack>
      )}
    </ThingPage>
  );
}

function About({ image }: { image: Image }) {
  const { t } = useTranslation("images");
  const yes = (value: boolean) => t(value ? "yes" : "no");
  return (
    <Facts
      facts={[
        [t("id"), <Copied key="id" text={image.id} />],
        [t("visibility"), t(`visibility.${image.visibility}`)],
        [t("protected"), yes(image.protected)],
        [t("hidden"), yes(image.os_hidden)],
        [t("minDisk"), image.min_disk ? `${image.min_disk} GiB` : null],
        [t("minRam"), image.min_ram ? mib(image.min_ram) : null],
        [t("owner"), image.owner && <Copied text={image.owner} />],
        [t("created"), <When key="created" at={image.created_at} />],
        [t("updated"), <When key="updated" at={image.updated_at} />],
      ]}
    />
  );
}

function Data({ image }: { image: Image }) {
  const { t } = useTranslation("images");
  return (
    <Facts
      facts={[
        [t("format"), image.disk_format],
        [t("container"), image.container_format],
        [t("size"), image.size === null ? null : bytes(image.size)],
        [t("virtualSize"), image.virtual_size === null ? null : bytes(image.virtual_size)],
        [
          image.os_hash_algo ?? t("hash"),
          image.os_hash_value && <Copied text={image.os_hash_value} />,
        ],
        [t("checksum"), image.checksum && <Copied text={image.checksum} />],
      ]}
    />
  );
}

function Actions({ image }: { image: Image }) {
  const { t } = useTranslation(["images", "parts"]);
  const client = useQueryClient();
  const navigate = useNavigate();
  const remove = useImageRemoval();
  const active = image.status === "active";
  const verb = active ? "deactivate" : "reactivate";
  const name = nameOf(image);
  const toggle = () =>
    confirm({
      title: t(`${verb}.title`, { name }),
      text: t(`${verb}.about`),
      verb: t(verb),
      danger: active,
      cli: openstack("image", "set", active ? "--deactivate" : "--activate", name),
      work: async () => {
        await setActive(image.id, !active);
        await client.invalidateQueries({ queryKey: keys.images });
      },
      done: t(`${verb}.done`, { name }),
    });
  return (
    <Group gap="xs">
      {active && (
        <ButtonLink
          to="/servers/launch"
          search={{ image: image.id }}
          leftSection={<IconPlayerPlay size={16} aria-hidden />}
        >
          {t("launch")}
        </ButtonLink>
      )}
      <EditButton name={name} form={(close) => <EditForm image={image} close={close} />} />
      {(active || image.status === "deactivated") && (
        <Button
          variant="default"
          leftSection={
            active ? (
              <IconPlayerStop size={16} aria-hidden />
            ) : (
              <IconPlayerPlay size={16} aria-hidden />
            )
          }
          onClick={toggle}
        >
          {t(verb)}
        </Button>
      )}
      <DeleteButton
        disabled={image.protected}
        start={() => remove([image], () => void navigate({ to: "/images" }))}
      />
    </Group>
  );
}

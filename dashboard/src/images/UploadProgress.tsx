// An image on its way, and what the cloud made of it.
import { Button, Group, Progress as Bar, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Image } from "../api/models";
import { Copied } from "../parts/Copied";
import { Facts } from "../parts/Facts";
import { ButtonLink } from "../parts/links";
import { Panel } from "../parts/Panel";
import type { Progress } from "./upload";
import { bytes, nameOf } from "./words";

interface BringingProps {
  name: string;
  progress: Progress;
  abort: () => void;
}

export function Bringing({ name, progress, abort }: BringingProps) {
  const { t } = useTranslation("images");
  const { phase, sent, total } = progress;
  const percent = total > 0 ? Math.floor((100 * sent) / total) : 100;
  const measured = phase === "sending";
  return (
    <Panel title={name}>
      <Stack>
        <Bar.Root size="lg">
          <Bar.Section
            value={measured ? percent : 100}
            striped={!measured}
            animated={!measured}
            aria-label={t(`phase.${phase}`)}
          />
        </Bar.Root>
        <Group justify="space-between">
          <Text size="sm" role="status">
            {t(`phase.${phase}`)}
          </Text>
          {measured && total > 0 && (
            <Text size="sm" c="dimmed">
              {t("upload.sent", { sent: bytes(sent), total: bytes(total), percent })}
            </Text>
          )}
        </Group>
        <Group>
          <Button variant="default" onClick={abort}>
            {t("upload.abort")}
          </Button>
        </Group>
      </Stack>
    </Panel>
  );
}

export function Brought({ image, more }: { image: Image; more: () => void }) {
  const { t } = useTranslation("images");
  return (
    <Panel title={t("upload.done", { name: nameOf(image) })}>
      <Stack>
        <Facts
          facts={[
            [t("size"), image.size === null ? null : bytes(image.size)],
            [t("virtualSize"), image.virtual_size === null ? null : bytes(image.virtual_size)],
            [t("format"), image.disk_format],
            [
              image.os_hash_algo ?? "",
              image.os_hash_value && <Copied text={image.os_hash_value} />,
            ],
            [t("checksum"), image.checksum && <Copied text={image.checksum} />],
          ]}
        />
        <Group>
          <ButtonLink to="/images/$imageId" params={{ imageId: image.id }}>
            {t("upload.open")}
          </ButtonLink>
          <ButtonLink to="/servers/launch" search={{ image: image.id }} variant="default">
            {t("launch")}
          </ButtonLink>
          <Button variant="default" onClick={more}>
            {t("upload.more")}
          </Button>
        </Group>
      </Stack>
    </Panel>
  );
}

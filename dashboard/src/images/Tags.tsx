// An image's tags: added by Enter or a comma, removed by their cross.
import { Stack, TagsInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { keys } from "../api/keys";
import type { Image } from "../api/models";
import { useChange } from "../api/queries";
import { ErrorAlert } from "../parts/ErrorAlert";
import { ShowCli } from "../parts/ShowCli";
import { openstack } from "../parts/shell_words";
import { setTag } from "./actions";
import { nameOf } from "./words";

export function Tags({ image }: { image: Image }) {
  const { t } = useTranslation("images");
  const change = useChange(
    async (wanted: string[]) => {
      for (const tag of wanted.filter((one) => !image.tags.includes(one)))
        await setTag(image.id, tag, true);
      for (const tag of image.tags.filter((one) => !wanted.includes(one)))
        await setTag(image.id, tag, false);
    },
    [keys.images],
  );
  return (
    <Stack gap="xs">
      <TagsInput
        aria-label={t("tags")}
        placeholder={t("tagsHint")}
        value={change.isPending ? change.variables : [...image.tags].sort()}
        onChange={(wanted) => change.mutate(wanted)}
        maxLength={255}
      />
      {change.error && <ErrorAlert error={change.error} />}
      <ShowCli command={openstack("image", "set", "--tag", t("tagWord"), nameOf(image))} />
    </Stack>
  );
}

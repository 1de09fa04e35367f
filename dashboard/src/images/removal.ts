import { useTranslation } from "react-i18next";
import { keys } from "../api/keys";
import type { Image } from "../api/models";
import { useRemoval } from "../parts/removal";
import { openstack } from "../parts/shell_words";
import { removeImage } from "./actions";
import { nameOf } from "./words";

export function useImageRemoval() {
  const { t } = useTranslation("images");
  return useRemoval<Image>({
    name: nameOf,
    cli: (one) => openstack("image", "delete", nameOf(one)),
    remove: (one) => removeImage(one.id),
    about: t("removeAbout"),
    stale: [keys.images],
  });
}

import { Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { ButtonLink } from "../parts/links";
import classes from "./lone.module.css";

export function NotFound() {
  const { t } = useTranslation();
  return (
    <div className={classes.lone}>
      <Title order={1}>{t("notFound.title")}</Title>
      <Text c="dimmed">{t("notFound.text")}</Text>
      <ButtonLink to="/">{t("notFound.home")}</ButtonLink>
    </div>
  );
}

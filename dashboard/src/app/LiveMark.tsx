// Whether the page hears of changes by itself or looks every few seconds: only for who wonders.
import { Tooltip } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useLive } from "../api/live";
import classes from "./LiveMark.module.css";

export function LiveMark() {
  const { t } = useTranslation();
  const live = useLive();
  const said = t(live ? "shell.live" : "shell.polling");
  return (
    <Tooltip label={said}>
      <span className={classes.mark} data-live={live} role="img" aria-label={said} />
    </Tooltip>
  );
}

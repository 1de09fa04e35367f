// A moment: how long ago, and exactly when on pointing at it.
import { Tooltip } from "@mantine/core";
import { useInterval } from "@mantine/hooks";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { ago, parseTime } from "./times";

export function When({ at }: { at: string | null | undefined }) {
  const { i18n } = useTranslation();
  const [now, setNow] = useState(() => Date.now());
  const ticking = useInterval(() => setNow(Date.now()), 10_000);
  useEffect(() => {
    ticking.start();
    return ticking.stop;
  }, [ticking]);
  const time = at ? parseTime(at) : NaN;
  if (Number.isNaN(time)) return <>–</>;
  return (
    <Tooltip label={new Date(time).toLocaleString(i18n.language)}>
      <time dateTime={new Date(time).toISOString()}>{ago(time, now, i18n.language)}</time>
    </Tooltip>
  );
}

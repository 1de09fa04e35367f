// The page of one thing: while it is asked for, where it is not there, and else what it is.
import { Skeleton } from "@mantine/core";
import { IconZoomExclamation } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { isGone } from "../api/errors";
import { type OneSpec, useOne } from "../api/queries";
import { Empty } from "./Empty";
import { ErrorAlert } from "./ErrorAlert";
import { type Crumb, Page } from "./Page";

interface Props<T> {
  spec: OneSpec<T>;
  /** Said while the name is not known. */
  title: string;
  crumb: Crumb;
  name: (one: T) => string;
  mark?: (one: T) => ReactNode;
  about?: (one: T) => ReactNode;
  actions?: (one: T) => ReactNode;
  children: (one: T) => ReactNode;
}

export function ThingPage<T>(props: Props<T>) {
  const { t } = useTranslation("parts");
  const found = useOne(props.spec);
  const crumbs = [props.crumb];
  if (isGone(found.error))
    return (
      <Page title={props.title} crumbs={crumbs}>
        <Empty icon={IconZoomExclamation} title={t("gone")} text={t("goneText")} />
      </Page>
    );
  if (!found.data)
    return (
      <Page title={props.title} crumbs={crumbs}>
        {found.error ? (
          <ErrorAlert error={found.error} again={() => void found.refetch()} />
        ) : (
          <Skeleton height={240} />
        )}
      </Page>
    );
  const one = found.data;
  return (
    <Page
      title={props.name(one)}
      mark={props.mark?.(one)}
      about={props.about?.(one)}
      crumbs={crumbs}
      actions={props.actions?.(one)}
    >
      {props.children(one)}
    </Page>
  );
}

// The head of every page: where it is, what it is, what can be done; then its content.
import { Anchor, Breadcrumbs, Group, Text, Title } from "@mantine/core";
import { Link, type LinkProps } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import classes from "./Page.module.css";

export interface Crumb {
  label: string;
  to: LinkProps["to"];
}

interface Props {
  title: string;
  /** Beside the title: a state. */
  mark?: ReactNode;
  /** One line below the title. */
  about?: ReactNode;
  crumbs?: Crumb[];
  actions?: ReactNode;
  children: ReactNode;
}

export function Page({ title, mark, about, crumbs = [], actions, children }: Props) {
  const { t } = useTranslation("parts");
  useEffect(() => {
    document.title = `${title} · Unkai`;
  }, [title]);
  return (
    <>
      {crumbs.length > 0 && (
        <nav aria-label={t("page.crumbs")}>
          <Breadcrumbs separatorMargin={6} className={classes.crumbs}>
            {crumbs.map((crumb) => (
              <Anchor key={crumb.label} component={Link} to={crumb.to as string} size="sm">
                {crumb.label}
              </Anchor>
            ))}
            <Text size="sm" c="dimmed" truncate aria-current="page">
              {title}
            </Text>
          </Breadcrumbs>
        </nav>
      )}
      <div className={classes.head}>
        <div className={classes.words}>
          <Group gap="sm" wrap="wrap">
            <Title order={1} className={classes.title}>
              {title}
            </Title>
            {mark}
          </Group>
          {about && (
            <Text c="dimmed" size="sm" component="div">
              {about}
            </Text>
          )}
        </div>
        {actions && (
          <Group gap="xs" className={classes.actions}>
            {actions}
          </Group>
        )}
      </div>
      {children}
    </>
  );
}

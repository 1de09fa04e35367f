// A titled box: the unit that pages are laid out in.
import { Card, Group, Title } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./Panel.module.css";

interface Props {
  title?: string;
  actions?: ReactNode;
  /** Content touches the edges: tables, diagrams. */
  flush?: boolean;
  children: ReactNode;
}

export function Panel({ title, actions, flush = false, children }: Props) {
  return (
    <Card withBorder padding={0} className={classes.panel} component="section" aria-label={title}>
      {(title || actions) && (
        <Group justify="space-between" className={classes.head}>
          {title && (
            <Title order={2} size="h4">
              {title}
            </Title>
          )}
          {actions}
        </Group>
      )}
      <div className={flush ? undefined : classes.body}>{children}</div>
    </Card>
  );
}

// Where there is nothing: what could be here, and the first step.
import { Text, Title } from "@mantine/core";
import type { Icon } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./Empty.module.css";

interface Props {
  icon: Icon;
  title: string;
  text?: string;
  /** The button of the first step. */
  action?: ReactNode;
}

export function Empty({ icon: Glyph, title, text, action }: Props) {
  return (
    <div className={classes.empty}>
      <Glyph size={40} stroke={1.2} aria-hidden className={classes.glyph} />
      <Title order={2} size="h4">
        {title}
      </Title>
      {text && (
        <Text c="dimmed" size="sm" maw={440}>
          {text}
        </Text>
      )}
      {action}
    </div>
  );
}

// Which line is which, with what it says now.
import { Group, Text } from "@mantine/core";
import classes from "./Key.module.css";
import { LINES } from "./lines";

interface Props {
  entries: { name: string; says: string; title?: string }[];
}

export function Key({ entries }: Props) {
  return (
    <Group gap="md" component="ul" className={classes.key}>
      {entries.map(({ name, says, title }, number) => {
        const line = LINES[number];
        return (
          <li key={name} className={classes.entry} title={title}>
            <svg width="18" height="8" aria-hidden>
              <line
                x1="0"
                x2="18"
                y1="4"
                y2="4"
                stroke={`var(${line?.variable ?? ""})`}
                strokeWidth="2.5"
                strokeDasharray={line?.dash.join(" ")}
              />
            </svg>
            <Text size="xs" c="dimmed" component="span">
              {name}
            </Text>
            <Text size="sm" fw={600} component="span">
              {says}
            </Text>
          </li>
        );
      })}
    </Group>
  );
}

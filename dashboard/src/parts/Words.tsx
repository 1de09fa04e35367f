// A line of text in a table: cut where there is no room, whole on pointing at it.
import { Text } from "@mantine/core";

interface Props {
  text: string | null | undefined;
  mono?: boolean;
  strong?: boolean;
}

export function Words({ text, mono = false, strong = false }: Props) {
  return (
    <Text
      size={mono ? "xs" : "sm"}
      ff={mono ? "monospace" : undefined}
      fw={strong ? 550 : undefined}
      truncate
      title={text ?? undefined}
    >
      {text || "–"}
    </Text>
  );
}

// Cells that several tables have.
import { Text } from "@mantine/core";

export function Words({ text, mono = false }: { text: string | null; mono?: boolean }) {
  return (
    <Text size={mono ? "xs" : "sm"} ff={mono ? "monospace" : undefined} truncate title={text ?? ""}>
      {text || "–"}
    </Text>
  );
}

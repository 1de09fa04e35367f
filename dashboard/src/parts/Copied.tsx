// An id or address with a button that copies it.
import { ActionIcon, CopyButton, Group, Text } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

/** Addresses stay in one piece. */
const SHORT = 18;

export function Copied({ text }: { text: string }) {
  const { t } = useTranslation("parts");
  return (
    <Group gap={4} wrap="nowrap" component="span" display="inline-flex" maw="100%">
      <Text
        span
        ff="monospace"
        size="sm"
        style={text.length > SHORT ? { overflowWrap: "anywhere" } : { whiteSpace: "nowrap" }}
      >
        {text}
      </Text>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <ActionIcon
            variant="subtle"
            color="gray"
            size="sm"
            onClick={copy}
            aria-label={t(copied ? "copied" : "copyOf", { text })}
          >
            {copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
          </ActionIcon>
        )}
      </CopyButton>
    </Group>
  );
}

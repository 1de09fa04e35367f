// How much of a quota is used, as words and as a bar.
import { Group, Progress, Skeleton, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

const NEARLY = 0.8;

interface Props {
  label: string;
  used: number | undefined;
  /** -1: there is none. */
  limit: number | undefined;
  words?: (value: number) => string;
}

export function Gauge({ label, used, limit, words = String }: Props) {
  const { t } = useTranslation("parts");
  if (used === undefined || limit === undefined) return <Skeleton height={38} />;
  const share = limit > 0 ? used / limit : 0;
  const color = share >= 1 ? "var(--unkai-bad)" : share >= NEARLY ? "var(--unkai-warn)" : "sea";
  const said =
    limit < 0
      ? t("gauge.noLimit", { used: words(used) })
      : t("gauge.of", { used: words(used), limit: words(limit) });
  return (
    <div>
      <Group justify="space-between" gap="xs" mb={6}>
        <Text size="sm" fw={550}>
          {label}
        </Text>
        <Text size="sm" c="dimmed">
          {said}
        </Text>
      </Group>
      <Progress
        value={Math.min(100, share * 100)}
        color={color}
        size="sm"
        aria-label={`${label}: ${said}`}
      />
    </div>
  );
}

// Blank volumes that are made and attached along with a new server.
import { ActionIcon, Button, Group, NumberInput, Stack, Switch, Text } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { ExtraDisk } from "./launch_model";

interface Props {
  extra: ExtraDisk[];
  set: (extra: ExtraDisk[]) => void;
}

export function ExtraDisks({ extra, set }: Props) {
  const { t } = useTranslation("servers");
  const change = (key: number, part: Partial<ExtraDisk>) =>
    set(extra.map((one) => (one.key === key ? { ...one, ...part } : one)));
  const fresh = { key: Math.max(0, ...extra.map((one) => one.key)) + 1, size: 1, goes: false };
  return (
    <Stack gap="sm" align="flex-start">
      <Text size="sm" c="dimmed">
        {t("launch.extraAbout")}
      </Text>
      {extra.map((one, index) => {
        const number = index + 1;
        return (
          <Group key={one.key} gap="sm" wrap="nowrap">
            <NumberInput
              aria-label={t("launch.extraSize", { number })}
              suffix=" GiB"
              min={1}
              allowDecimal={false}
              allowNegative={false}
              value={one.size}
              onChange={(size) => change(one.key, { size: Number(size) || 1 })}
              w={104}
              style={{ flex: "none" }}
            />
            <Switch
              label={t("launch.extraGoes")}
              checked={one.goes}
              onChange={(event) => change(one.key, { goes: event.currentTarget.checked })}
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={t("launch.extraRemove", { number })}
              onClick={() => set(extra.filter((each) => each.key !== one.key))}
            >
              <IconTrash size={16} />
            </ActionIcon>
          </Group>
        );
      })}
      <Button
        size="xs"
        variant="default"
        leftSection={<IconPlus size={14} aria-hidden />}
        onClick={() => set([...extra, fresh])}
      >
        {t("launch.extraAdd")}
      </Button>
    </Stack>
  );
}

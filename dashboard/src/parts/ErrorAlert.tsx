// What went wrong, in the API's own words, with the id that finds it in the log.
import { Alert, Button, Code, CopyButton, Group, Text } from "@mantine/core";
import { IconAlertCircle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../api/errors";

interface Props {
  error: Error;
  again?: () => void;
}

export function ErrorAlert({ error, again }: Props) {
  const { t } = useTranslation("parts");
  const api = error instanceof ApiError ? error : null;
  const said = error instanceof TypeError ? t("error.unreachable") : error.message;
  return (
    <Alert
      color="red"
      variant="outline"
      role="alert"
      icon={<IconAlertCircle aria-hidden />}
      title={said}
      styles={{ title: { color: "var(--unkai-bad)", whiteSpace: "pre-wrap" } }}
    >
      {api?.remedy && <Text size="sm">{api.remedy}</Text>}
      {(api?.requestId || again) && (
        <Group gap="sm" mt={4}>
          {api?.requestId && (
            <Text size="xs" c="dimmed" component="span">
              {t("error.request")} <Code>{api.requestId}</Code>
            </Text>
          )}
          {api?.requestId && (
            <CopyButton value={api.requestId}>
              {({ copied, copy }) => (
                <Button size="compact-xs" variant="default" onClick={copy}>
                  {t(copied ? "copied" : "copy")}
                </Button>
              )}
            </CopyButton>
          )}
          {again && (
            <Button size="compact-xs" variant="default" onClick={again}>
              {t("error.again")}
            </Button>
          )}
        </Group>
      )}
    </Alert>
  );
}

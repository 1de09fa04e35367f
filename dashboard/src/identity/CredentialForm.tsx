// A new application credential; its secret is shown once and nowhere else.
import { Alert, Button, Code, CopyButton, Group, MultiSelect, Stack } from "@mantine/core";
import { Switch, Text, TextInput } from "@mantine/core";
import { modals } from "@mantine/modals";
import { IconAlertTriangle, IconFileDownload } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { identity, take } from "../api/clients";
import { keys } from "../api/keys";
import { useChange } from "../api/queries";
import type { Session } from "../api/session";
import { credentialOpenrc, credentialYaml, save } from "../app/cli_files";
import { FormFrame } from "../parts/form";
import { openstack } from "../parts/shell_words";
import type { Credential } from "./models";

type Made = Credential & { secret: string };

/** The moment as the API and its client take it: UTC, without a zone; undefined where none. */
function inUtc(local: string): string | undefined {
  return local ? new Date(local).toISOString().slice(0, 19) : undefined;
}

export function CredentialForm({ session, close }: { session: Session; close: () => void }) {
  const { t } = useTranslation("identity");
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [roles, setRoles] = useState<string[]>([]);
  const [until, setUntil] = useState("");
  const [unrestricted, setUnrestricted] = useState(false);
  const expires_at = inUtc(until);
  const create = useChange(async () => {
    const params = { path: { user_id: session.user.id } };
    const application_credential = {
      name: name.trim(),
      description: description || undefined,
      roles: roles.length > 0 ? roles.map((one) => ({ name: one })) : undefined,
      expires_at,
      unrestricted,
    };
    const body = { application_credential } as never;
    const url = "/v3/users/{user_id}/application_credentials";
    const made = await take<{ application_credential: Made }>(identity.POST(url, { params, body }));
    return made.application_credential;
  }, [keys.users]);
  return (
    <FormFrame
      submit={async () => showSecret(await create.mutateAsync(), session, t("credentials.kept"))}
      close={close}
      verb={t("create")}
      disabled={!name.trim()}
      cli={openstack(
        ...["application", "credential", "create"],
        ...roles.flatMap((one) => ["--role", one]),
        ...(expires_at ? ["--expiration", expires_at] : []),
        ...(description ? ["--description", description] : []),
        ...[unrestricted && "--unrestricted", name.trim() || "NAME"],
      )}
    >
      <TextInput
        label={t("name")}
        value={name}
        maxLength={255}
        required
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
      />
      <TextInput
        label={t("description")}
        value={description}
        onChange={(event) => setDescription(event.currentTarget.value)}
      />
      <MultiSelect
        label={t("credentials.roles")}
        description={t("credentials.rolesText")}
        data={session.roles}
        value={roles}
        onChange={setRoles}
      />
      <TextInput
        type="datetime-local"
        label={t("credentials.until")}
        description={t("credentials.untilText")}
        value={until}
        onChange={(event) => setUntil(event.currentTarget.value)}
      />
      <Switch
        label={t("credentials.unrestricted")}
        description={t("credentials.unrestrictedText")}
        checked={unrestricted}
        onChange={(event) => setUnrestricted(event.currentTarget.checked)}
      />
    </FormFrame>
  );
}

/** Only its button closes it, so that no stray click loses the secret. */
function showSecret(made: Made, session: Session, title: string): void {
  const id = modals.open({
    title,
    centered: true,
    closeOnClickOutside: false,
    closeOnEscape: false,
    withCloseButton: false,
    children: <Secret made={made} session={session} close={() => modals.close(id)} />,
  });
}

interface SecretProps {
  made: Made;
  session: Session;
  close: () => void;
}

function Secret({ made, session, close }: SecretProps) {
  const { t } = useTranslation("identity");
  const origin = window.location.origin;
  const files = [
    { name: "clouds.yaml", text: () => credentialYaml(made, session, origin) },
    { name: "openrc.sh", text: () => credentialOpenrc(made, session, origin) },
  ];
  const shown = [
    { label: t("id"), value: made.id },
    { label: t("secret"), value: made.secret },
  ];
  return (
    <Stack>
      <Alert
        variant="outline"
        color="yellow"
        styles={{ title: { color: "var(--unkai-warn)" } }}
        icon={<IconAlertTriangle aria-hidden />}
        title={t("credentials.once")}
      />
      {shown.map(({ label, value }) => (
        <div key={label}>
          <Text size="sm" fw={550}>
            {label}
          </Text>
          <Group gap="xs" wrap="nowrap">
            <Code block tabIndex={0} style={{ flex: 1, overflowX: "auto" }}>
              {value}
            </Code>
            <CopyButton value={value}>
              {({ copied, copy }) => (
                <Button
                  size="compact-sm"
                  variant="default"
                  onClick={copy}
                  aria-label={t("copyOf", { name: label })}
                >
                  {t(copied ? "copied" : "copy")}
                </Button>
              )}
            </CopyButton>
          </Group>
        </div>
      ))}
      <div>
        <Text size="sm" fw={550} mb={4}>
          {t("credentials.files")}
        </Text>
        <Group gap="xs">
          {files.map(({ name, text }) => (
            <Button
              key={name}
              variant="default"
              leftSection={<IconFileDownload size={16} aria-hidden />}
              onClick={() => save(name, text())}
            >
              {name}
            </Button>
          ))}
        </Group>
      </div>
      <Group justify="flex-end">
        <Button onClick={close}>{t("credentials.close")}</Button>
      </Group>
    </Stack>
  );
}

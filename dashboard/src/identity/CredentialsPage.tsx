// One's own application credentials: what programs sign in with.
import { Button, Text } from "@mantine/core";
import { IconKey, IconPlus, IconTrash } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { done, identity } from "../api/clients";
import { keys } from "../api/keys";
import { useList } from "../api/queries";
import { type Session, useSession } from "../api/session";
import { confirm } from "../parts/confirm";
import { Empty } from "../parts/Empty";
import { openForm } from "../parts/form";
import { Page } from "../parts/Page";
import { type Column, ResourceTable } from "../parts/ResourceTable";
import { RowMenu } from "../parts/RowMenu";
import { openstack } from "../parts/shell_words";
import { parseTime } from "../parts/times";
import { CredentialForm } from "./CredentialForm";
import { OwnPasswordForm } from "./UserForm";
import type { Credential } from "./models";
import { credentialsOf } from "./queries";

export function CredentialsPage() {
  const session = useSession();
  return session && <Credentials session={session} />;
}

function Credentials({ session }: { session: Session }) {
  const { t } = useTranslation("identity");
  const found = useList(credentialsOf(session.user.id));
  const remove = useRemoval(session.user.id);
  const create = (
    <Button
      leftSection={<IconPlus size={16} aria-hidden />}
      onClick={() =>
        openForm(t("credentials.new"), (close) => (
          <CredentialForm session={session} close={close} />
        ))
      }
    >
      {t("credentials.new")}
    </Button>
  );
  const password = (
    <Button
      variant="default"
      onClick={() =>
        openForm(t("password.own"), (close) => (
          <OwnPasswordForm userId={session.user.id} close={close} />
        ))
      }
    >
      {t("password.own")}
    </Button>
  );
  return (
    <Page
      title={t("credentials")}
      about={t("credentials.about")}
      actions={
        <>
          {!session.byCredential && password}
          {create}
        </>
      }
    >
      <ResourceTable
        label={t("credentials")}
        rows={found.data}
        error={found.error}
        again={() => void found.refetch()}
        columns={useColumns()}
        id={(one) => one.id}
        name={(one) => one.name}
        searchMore={(one) => one.id}
        sort={{ key: "name", down: false }}
        actions={(one) => (
          <RowMenu
            label={t("actionsOf", { name: one.name })}
            deeds={[
              { label: t("delete"), icon: IconTrash, danger: true, start: () => remove(one) },
            ]}
          />
        )}
        empty={
          <Empty
            icon={IconKey}
            title={t("credentials.empty")}
            text={t("credentials.emptyText")}
            action={create}
          />
        }
      />
    </Page>
  );
}

function useRemoval(userId: string) {
  const { t } = useTranslation("identity");
  const client = useQueryClient();
  return (one: Credential) =>
    confirm({
      title: t("deleteOf", { name: one.name }),
      text: t("credentials.deleteText"),
      verb: t("delete"),
      danger: true,
      cli: openstack("application", "credential", "delete", one.id),
      work: async () => {
        const params = { path: { user_id: userId, credential_id: one.id } };
        const url = "/v3/users/{user_id}/application_credentials/{credential_id}";
        await done(identity.DELETE(url, { params }));
        await client.invalidateQueries({ queryKey: keys.users });
      },
    });
}

function useColumns(): Column<Credential>[] {
  const { t, i18n } = useTranslation("identity");
  const rolesOf = (one: Credential) => one.roles.map((role) => role.name).join(", ");
  return [
    {
      key: "name",
      header: t("name"),
      value: (one) => one.name,
      cell: (one) => (
        <Text size="sm" fw={550} truncate title={one.description ?? undefined}>
          {one.name}
        </Text>
      ),
    },
    {
      key: "roles",
      header: t("credentials.roles"),
      width: "26%",
      from: 640,
      value: rolesOf,
      cell: (one) => (
        <Text size="sm" truncate>
          {rolesOf(one)}
        </Text>
      ),
    },
    {
      key: "until",
      header: t("credentials.until"),
      width: "30%",
      value: (one) => (one.expires_at ? parseTime(one.expires_at) : null),
      cell: (one) =>
        one.expires_at
          ? new Date(parseTime(one.expires_at)).toLocaleString(i18n.language)
          : t("credentials.forever"),
    },
    {
      key: "id",
      header: t("id"),
      width: "24%",
      from: 900,
      value: (one) => one.id,
      cell: (one) => (
        <Text size="xs" ff="monospace" truncate>
          {one.id}
        </Text>
      ),
    },
  ];
}

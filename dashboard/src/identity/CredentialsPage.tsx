// One's own application credentials: what programs sign in with.
import { Button } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { done, identity } from "../api/clients";
import { keys } from "../api/keys";
import { useList } from "../api/queries";
import { type Session, useSession } from "../api/session";
import { NewButton } from "../parts/buttons";
import { Empty } from "../parts/Empty";
import { openForm } from "../parts/form";
import { Page } from "../parts/Page";
import { type Column } from "../parts/ResourceTable";
import { textColumn } from "../parts/columns";
import { useRemoval } from "../parts/removal";
import { ThingTable } from "../parts/ThingTable";
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
  const remove = useRemoval<Credential>({
    name: (one) => one.name,
    cli: (one) => openstack("application", "credential", "delete", one.id),
    remove: (one) => {
      const params = { path: { user_id: session.user.id, credential_id: one.id } };
      const url = "/v3/users/{user_id}/application_credentials/{credential_id}";
      return done(identity.DELETE(url, { params }));
    },
    about: t("credentials.deleteText"),
    stale: [keys.users],
  });
  const create = (
    <NewButton
      label={t("credentials.new")}
      form={(close) => <CredentialForm session={session} close={close} />}
    />
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
      <ThingTable
        label={t("credentials")}
        found={found}
        columns={useColumns()}
        name={(one) => one.name}
        remove={remove}
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

function useColumns(): Column<Credential>[] {
  const { t, i18n } = useTranslation("identity");
  return [
    textColumn({ key: "name", header: t("name"), text: (one) => one.name, strong: true }),
    textColumn({
      key: "roles",
      header: t("credentials.roles"),
      width: "26%",
      from: 640,
      text: (one) => one.roles.map((role) => role.name).join(", "),
    }),
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
    textColumn({
      key: "id",
      header: t("id"),
      width: "24%",
      from: 900,
      text: (one) => one.id,
      mono: true,
    }),
  ];
}

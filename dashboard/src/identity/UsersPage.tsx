// All users, for administrators.
import { Button, Text } from "@mantine/core";
import {
  IconKey,
  IconPlayerPlay,
  IconPlayerStop,
  IconPlus,
  IconTrash,
  IconUser,
} from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { done, identity } from "../api/clients";
import { keys } from "../api/keys";
import { useList } from "../api/queries";
import { confirm } from "../parts/confirm";
import { Empty } from "../parts/Empty";
import { openForm } from "../parts/form";
import { Page } from "../parts/Page";
import { type Column, ResourceTable } from "../parts/ResourceTable";
import { RowMenu } from "../parts/RowMenu";
import { openstack } from "../parts/shell_words";
import { StateBadge } from "../parts/StateBadge";
import { PasswordForm, UserForm } from "./UserForm";
import type { User } from "./models";
import { userList } from "./queries";

export function UsersPage() {
  const { t } = useTranslation("identity");
  const users = useList(userList());
  const { able, remove } = useQuestions();
  const create = (
    <Button
      leftSection={<IconPlus size={16} aria-hidden />}
      onClick={() => openForm(t("users.new"), (close) => <UserForm close={close} />)}
    >
      {t("users.new")}
    </Button>
  );
  const password = (user: User) =>
    openForm(t("password.of", { name: user.name }), (close) => (
      <PasswordForm user={user} close={close} />
    ));
  return (
    <Page title={t("users")} about={t("users.about")} actions={create}>
      <ResourceTable
        label={t("users")}
        rows={users.data}
        error={users.error}
        again={() => void users.refetch()}
        columns={useColumns()}
        id={(one) => one.id}
        name={(one) => one.name}
        state={(one) => t(one.enabled ? "enabled" : "disabled")}
        searchMore={(one) => one.id}
        sort={{ key: "name", down: false }}
        actions={(one) => (
          <RowMenu
            label={t("actionsOf", { name: one.name })}
            deeds={[
              { label: t("password.set"), icon: IconKey, start: () => password(one) },
              {
                label: t(one.enabled ? "disable" : "enable"),
                icon: one.enabled ? IconPlayerStop : IconPlayerPlay,
                start: () => able(one),
              },
              { label: t("delete"), icon: IconTrash, danger: true, start: () => remove(one) },
            ]}
          />
        )}
        empty={<Empty icon={IconUser} title={t("users.empty")} action={create} />}
      />
    </Page>
  );
}

function useQuestions() {
  const { t } = useTranslation("identity");
  const client = useQueryClient();
  const stale = () => client.invalidateQueries({ queryKey: keys.users });
  const able = (user: User) => {
    const params = { path: { user_id: user.id } };
    const verb = t(user.enabled ? "disable" : "enable");
    confirm({
      title: t(user.enabled ? "disableOf" : "enableOf", { name: user.name }),
      text: t(user.enabled ? "users.disableText" : "users.enableText"),
      verb,
      danger: user.enabled,
      cli: openstack("user", "set", user.enabled ? "--disable" : "--enable", user.id),
      work: async () => {
        const body = { user: { enabled: !user.enabled } } as never;
        await done(identity.PATCH("/v3/users/{user_id}", { params, body }));
        await stale();
      },
    });
  };
  const remove = (user: User) => {
    const params = { path: { user_id: user.id } };
    confirm({
      title: t("deleteOf", { name: user.name }),
      text: t("users.deleteText"),
      verb: t("delete"),
      danger: true,
      typed: user.name,
      cli: openstack("user", "delete", user.id),
      work: async () => {
        await done(identity.DELETE("/v3/users/{user_id}", { params }));
        await stale();
      },
    });
  };
  return { able, remove };
}

function useColumns(): Column<User>[] {
  const { t } = useTranslation("identity");
  return [
    {
      key: "name",
      header: t("name"),
      value: (one) => one.name,
      cell: (one) => (
        <Text size="sm" fw={550} truncate>
          {one.name}
        </Text>
      ),
    },
    {
      key: "enabled",
      header: t("state"),
      width: "28%",
      value: (one) => t(one.enabled ? "enabled" : "disabled"),
      cell: (one) => (
        <StateBadge
          state={t(one.enabled ? "enabled" : "disabled")}
          tone={one.enabled ? "good" : "off"}
        />
      ),
    },
    {
      key: "id",
      header: t("id"),
      width: "34%",
      from: 760,
      value: (one) => one.id,
      cell: (one) => (
        <Text size="xs" ff="monospace" truncate>
          {one.id}
        </Text>
      ),
    },
  ];
}

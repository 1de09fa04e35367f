// All users, for administrators.
import { IconUser } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useList } from "../api/queries";
import { NewButton } from "../parts/buttons";
import { Empty } from "../parts/Empty";
import { TextLink } from "../parts/links";
import { Page } from "../parts/Page";
import { useRemoval } from "../parts/removal";
import { ThingTable } from "../parts/ThingTable";
import { UserForm } from "./UserForm";
import { useDomain, useEnabled, useId } from "./columns";
import type { User } from "./models";
import { USER, listOf, removalOf } from "./things";
import { useAbleDeed, usePasswordDeed } from "./user_actions";

export function UsersPage() {
  const { t } = useTranslation("identity");
  const navigate = useNavigate();
  const users = useList(listOf(USER));
  const able = useAbleDeed();
  const password = usePasswordDeed();
  const remove = useRemoval<User>({
    ...removalOf(USER),
    about: t("users.deleteText"),
    typed: true,
  });
  const create = <NewButton label={t("users.new")} form={(close) => <UserForm close={close} />} />;
  const columns = [
    {
      key: "name",
      header: t("name"),
      value: (one: User) => one.name,
      cell: (one: User) => (
        <TextLink to="/users/$userId" params={{ userId: one.id }} fw={550} truncate>
          {one.name}
        </TextLink>
      ),
    },
    ...useDomain<User>(),
    useEnabled<User>(),
    useId<User>(),
  ];
  return (
    <Page title={t("users")} about={t("users.about")} actions={create}>
      <ThingTable
        label={t("users")}
        found={users}
        columns={columns}
        name={(one) => one.name}
        state={(one) => t(one.enabled ? "enabled" : "disabled")}
        open={(one) => void navigate({ to: "/users/$userId", params: { userId: one.id } })}
        deeds={(one) => [password(one), able(one)]}
        remove={remove}
        empty={<Empty icon={IconUser} title={t("users.empty")} action={create} />}
      />
    </Page>
  );
}

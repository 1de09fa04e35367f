// All groups of users: what a group may do, each of its members may.
import { IconUsersGroup } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { TextLink } from "../parts/links";
import { NamedList } from "./NamedList";
import { useDescription, useDomain, useId } from "./columns";
import type { Group } from "./models";
import { GROUP } from "./things";

export function GroupsPage() {
  const { t } = useTranslation("identity");
  const navigate = useNavigate();
  const columns = [
    {
      key: "name",
      header: t("name"),
      value: (one: Group) => one.name,
      cell: (one: Group) => (
        <TextLink to="/groups/$groupId" params={{ groupId: one.id }} fw={550} truncate>
          {one.name}
        </TextLink>
      ),
    },
    useDescription<Group>(),
    ...useDomain<Group>(),
    useId<Group>(),
  ];
  return (
    <NamedList
      kind={GROUP}
      icon={IconUsersGroup}
      columns={columns}
      open={(one) => void navigate({ to: "/groups/$groupId", params: { groupId: one.id } })}
    />
  );
}

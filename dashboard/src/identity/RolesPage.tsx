// All roles, and which others each brings along.
import { IconShieldHalf } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useList } from "../api/queries";
import { textColumn } from "../parts/columns";
import { TextLink } from "../parts/links";
import { NamedList } from "./NamedList";
import { useDescription, useId } from "./columns";
import type { Role } from "./models";
import { inferences } from "./queries";
import { ROLE } from "./things";

export function RolesPage() {
  const { t } = useTranslation("identity");
  const navigate = useNavigate();
  const implied = useList(inferences()).data ?? [];
  const columns = [
    {
      key: "name",
      header: t("name"),
      value: (one: Role) => one.name,
      cell: (one: Role) => (
        <TextLink to="/roles/$roleId" params={{ roleId: one.id }} fw={550} truncate>
          {one.name}
        </TextLink>
      ),
    },
    textColumn<Role>({
      key: "implies",
      header: t("roles.implies"),
      width: "34%",
      text: (role) =>
        implied
          .find((one) => one.prior_role.id === role.id)
          ?.implies.map((one) => one.name)
          .join(", "),
    }),
    useDescription<Role>(),
    useId<Role>(),
  ];
  return (
    <NamedList
      kind={ROLE}
      icon={IconShieldHalf}
      columns={columns}
      open={(one) => void navigate({ to: "/roles/$roleId", params: { roleId: one.id } })}
    />
  );
}

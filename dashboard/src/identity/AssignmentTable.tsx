// Who has which role where: of a project, a domain, a role, a user or a group.
import { Badge, Group } from "@mantine/core";
import { IconUsers } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useList } from "../api/queries";
import { NewButton } from "../parts/buttons";
import { textColumn } from "../parts/columns";
import { Empty } from "../parts/Empty";
import { TextLink } from "../parts/links";
import { useRemoval } from "../parts/removal";
import type { Column } from "../parts/ResourceTable";
import { ThingTable } from "../parts/ThingTable";
import { Words } from "../parts/Words";
import { AssignForm } from "./AssignForm";
import { type Asked, type Grant, grantCli, grantOf, keyOf, withdraw } from "./grants";
import type { Assignment } from "./models";
import { assignmentsOf } from "./queries";
import { ROLE, staleBy } from "./things";

interface Props {
  asked: Asked;
  /** What all of them have in common: it is no column, and a new one begins with it. */
  given: Partial<Grant>;
  /** Below a head of its own, beside other tables. */
  small?: boolean;
}

const whoOf = (one: Assignment) => (one.user ?? one.group)?.name ?? "–";

export function AssignmentTable({ asked, given, small = false }: Props) {
  const { t } = useTranslation("identity");
  const found = useList(assignmentsOf(asked));
  const { who, kind, role, where } = useColumns();
  const columns = [
    ...(given.actorId === undefined ? [who, kind] : []),
    ...(given.roleId === undefined ? [given.actorId ? { ...role, width: undefined } : role] : []),
    ...(given.placeId === undefined ? [where] : []),
  ];
  const remove = useRemoval<Assignment>({
    name: (one) => `${whoOf(one)} (${one.role.name})`,
    cli: (one) => grantCli("remove", grantOf(one), one.role.name),
    remove: (one) => withdraw(grantOf(one)),
    about: t("roles.withdrawText"),
    stale: staleBy(ROLE),
    words: {
      verb: t("roles.withdraw"),
      ask: (what) => t("roles.withdrawOf", { what }),
      done: (what) => t("roles.withdrawn", { what }),
    },
  });
  const add = (place: "tools" | "empty") => (
    <NewButton
      label={t("roles.assign")}
      small={small || place === "tools"}
      form={(close) => <AssignForm given={given} close={close} />}
    />
  );
  return (
    <ThingTable
      label={t("roles.assignments")}
      found={found}
      columns={columns}
      id={keyOf}
      name={(one) => `${whoOf(one)} (${one.role.name})`}
      remove={remove}
      removeWord={t("roles.withdraw")}
      tools={add("tools")}
      empty={
        <Empty
          icon={IconUsers}
          title={t("roles.nobody")}
          text={t("roles.nobodyText")}
          action={add("empty")}
        />
      }
    />
  );
}

function useColumns(): Record<"who" | "kind" | "role" | "where", Column<Assignment>> {
  const { t } = useTranslation("identity");
  const place = (one: Assignment) =>
    one.scope.project?.name ?? one.scope.domain?.name ?? t("place.all");
  const kindOf = (one: Assignment) => t(one.group ? "group" : "user");
  return {
    who: { key: "who", header: t("member"), value: whoOf, cell: (one) => <Who of={one} /> },
    kind: textColumn({ key: "kind", header: t("kind"), width: "16%", from: 760, text: kindOf }),
    role: {
      key: "role",
      header: t("role"),
      width: "30%",
      value: (one) => one.role.name,
      cell: (one) => (
        <Group gap={6} wrap="nowrap">
          <TextLink to="/roles/$roleId" params={{ roleId: one.role.id }} truncate>
            {one.role.name}
          </TextLink>
          <Inherited of={one} />
        </Group>
      ),
    },
    where: {
      key: "where",
      header: t("place"),
      width: "34%",
      value: (one) => `${t(`place.${grantOf(one).place}`)} ${place(one)}`,
      cell: (one) => <Where of={one} />,
    },
  };
}

function Who({ of: { user, group } }: { of: Assignment }) {
  if (group)
    return (
      <TextLink to="/groups/$groupId" params={{ groupId: group.id }} fw={550} truncate>
        {group.name}
      </TextLink>
    );
  if (user)
    return (
      <TextLink to="/users/$userId" params={{ userId: user.id }} fw={550} truncate>
        {user.name}
      </TextLink>
    );
  return "–";
}

function Where({ of: { scope } }: { of: Assignment }) {
  const { t } = useTranslation("identity");
  const { project, domain } = scope;
  if (project)
    return (
      <TextLink to="/projects/$projectId" params={{ projectId: project.id }} truncate>
        {project.name}
      </TextLink>
    );
  if (domain)
    return (
      <TextLink to="/domains/$domainId" params={{ domainId: domain.id }} truncate>
        {t("place.domainNamed", { name: domain.name })}
      </TextLink>
    );
  return <Words text={t("place.all")} />;
}

/** It is not for the place but for what is below it. */
function Inherited({ of }: { of: Assignment }) {
  const { t } = useTranslation("identity");
  if (!grantOf(of).inherited) return null;
  return (
    <Badge variant="outline" color="gray" c="var(--mantine-color-text)" tt="none">
      {t("roles.inherited")}
    </Badge>
  );
}

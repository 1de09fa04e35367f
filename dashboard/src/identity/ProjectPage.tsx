// One project: who may do what in it.
import { Button, Text } from "@mantine/core";
import { IconPlus, IconTrash, IconUsers } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { done, identity } from "../api/clients";
import { keys } from "../api/keys";
import { useList, useOne } from "../api/queries";
import { confirm } from "../parts/confirm";
import { Empty } from "../parts/Empty";
import { ErrorAlert } from "../parts/ErrorAlert";
import { openForm } from "../parts/form";
import { Page } from "../parts/Page";
import { type Column, ResourceTable } from "../parts/ResourceTable";
import { RowMenu } from "../parts/RowMenu";
import { openstack } from "../parts/shell_words";
import { StateBadge } from "../parts/StateBadge";
import { MemberForm } from "./MemberForm";
import { ProjectForm } from "./ProjectForm";
import type { Assignment, Project } from "./models";
import { membersOf, projectOne } from "./queries";

const nameOf = (one: Assignment) => one.user?.name ?? one.group?.name ?? "–";
const keyOf = (one: Assignment) => `${one.user?.id ?? one.group?.id ?? ""}/${one.role.id}`;

export function ProjectPage() {
  const { t } = useTranslation("identity");
  const { projectId } = useParams({ from: "/shell/projects/$projectId" });
  const project = useOne(projectOne(projectId));
  const crumbs = [{ label: t("projects"), to: "/projects" as const }];
  if (project.error && !project.data)
    return (
      <Page title={t("project")} crumbs={crumbs}>
        <ErrorAlert error={project.error} again={() => void project.refetch()} />
      </Page>
    );
  const found = project.data;
  return (
    <Page
      title={found?.name ?? "…"}
      crumbs={crumbs}
      about={found?.description}
      mark={
        found && (
          <StateBadge
            state={t(found.enabled ? "enabled" : "disabled")}
            tone={found.enabled ? "good" : "off"}
          />
        )
      }
      actions={
        found && (
          <Button
            variant="default"
            onClick={() =>
              openForm(t("editOf", { name: found.name }), (close) => (
                <ProjectForm project={found} close={close} />
              ))
            }
          >
            {t("edit")}
          </Button>
        )
      }
    >
      {found && <Members project={found} />}
    </Page>
  );
}

function Members({ project }: { project: Project }) {
  const { t } = useTranslation("identity");
  const members = useList(membersOf(project.id));
  const remove = useRemoval(project);
  const add = (
    <Button
      leftSection={<IconPlus size={16} aria-hidden />}
      onClick={() =>
        openForm(t("members.add"), (close) => <MemberForm project={project} close={close} />)
      }
    >
      {t("members.add")}
    </Button>
  );
  const columns: Column<Assignment>[] = [
    {
      key: "name",
      header: t("member"),
      value: nameOf,
      cell: (one) => (
        <Text size="sm" fw={550} truncate>
          {nameOf(one)}
        </Text>
      ),
    },
    {
      key: "kind",
      header: t("kind"),
      width: "22%",
      from: 640,
      value: (one) => t(one.user ? "user" : "group"),
      cell: (one) => t(one.user ? "user" : "group"),
    },
    {
      key: "role",
      header: t("role"),
      width: "30%",
      value: (one) => one.role.name,
      cell: (one) => one.role.name,
    },
  ];
  return (
    <ResourceTable
      label={t("members")}
      rows={members.data}
      error={members.error}
      again={() => void members.refetch()}
      columns={columns}
      id={keyOf}
      name={nameOf}
      tools={add}
      sort={{ key: "name", down: false }}
      actions={(one) => (
        <RowMenu
          label={t("actionsOf", { name: `${nameOf(one)} (${one.role.name})` })}
          deeds={[
            { label: t("members.remove"), icon: IconTrash, danger: true, start: () => remove(one) },
          ]}
        />
      )}
      empty={
        <Empty
          icon={IconUsers}
          title={t("members.empty")}
          text={t("members.emptyText")}
          action={add}
        />
      }
    />
  );
}

function useRemoval(project: Project) {
  const { t } = useTranslation("identity");
  const client = useQueryClient();
  return (one: Assignment) => {
    const path = { project_id: project.id, role_id: one.role.id };
    const who = one.user ? ["--user", one.user.id] : ["--group", one.group?.id];
    confirm({
      title: t("members.remove"),
      text: t("members.removeText", {
        name: nameOf(one),
        role: one.role.name,
        project: project.name,
      }),
      verb: t("members.remove"),
      danger: true,
      cli: openstack("role", "remove", "--project", project.id, ...who, one.role.name),
      work: async () => {
        if (one.user) {
          const url = "/v3/projects/{project_id}/users/{user_id}/roles/{role_id}";
          const params = { path: { ...path, user_id: one.user.id } };
          await done(identity.DELETE(url, { params }));
        } else if (one.group) {
          const url = "/v3/projects/{project_id}/groups/{group_id}/roles/{role_id}";
          const params = { path: { ...path, group_id: one.group.id } };
          await done(identity.DELETE(url, { params }));
        }
        await client.invalidateQueries({ queryKey: keys.projects });
      },
    });
  };
}

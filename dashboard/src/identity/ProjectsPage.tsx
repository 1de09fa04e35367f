// All projects, for administrators.
import { Button, Text } from "@mantine/core";
import { IconFolders, IconPencil, IconPlus, IconTrash, IconUsers } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { done, identity } from "../api/clients";
import { keys } from "../api/keys";
import { useList } from "../api/queries";
import { confirm } from "../parts/confirm";
import { Empty } from "../parts/Empty";
import { openForm } from "../parts/form";
import { TextLink } from "../parts/links";
import { Page } from "../parts/Page";
import { type Column, ResourceTable } from "../parts/ResourceTable";
import { RowMenu } from "../parts/RowMenu";
import { openstack } from "../parts/shell_words";
import { StateBadge } from "../parts/StateBadge";
import { ProjectForm } from "./ProjectForm";
import type { Project } from "./models";
import { projectList } from "./queries";

export function ProjectsPage() {
  const { t } = useTranslation("identity");
  const navigate = useNavigate();
  const projects = useList(projectList());
  const remove = useRemoval();
  const create = (
    <Button
      leftSection={<IconPlus size={16} aria-hidden />}
      onClick={() => openForm(t("projects.new"), (close) => <ProjectForm close={close} />)}
    >
      {t("projects.new")}
    </Button>
  );
  const show = (one: Project) =>
    void navigate({ to: "/projects/$projectId", params: { projectId: one.id } });
  return (
    <Page title={t("projects")} about={t("projects.about")} actions={create}>
      <ResourceTable
        label={t("projects")}
        rows={projects.data}
        error={projects.error}
        again={() => void projects.refetch()}
        columns={useColumns()}
        id={(one) => one.id}
        name={(one) => one.name}
        state={(one) => t(one.enabled ? "enabled" : "disabled")}
        searchMore={(one) => one.id}
        sort={{ key: "name", down: false }}
        open={show}
        actions={(one) => (
          <RowMenu
            label={t("actionsOf", { name: one.name })}
            deeds={[
              { label: t("members"), icon: IconUsers, start: () => show(one) },
              {
                label: t("edit"),
                icon: IconPencil,
                start: () =>
                  openForm(t("editOf", { name: one.name }), (close) => (
                    <ProjectForm project={one} close={close} />
                  )),
              },
              { label: t("delete"), icon: IconTrash, danger: true, start: () => remove(one) },
            ]}
          />
        )}
        empty={<Empty icon={IconFolders} title={t("projects.empty")} action={create} />}
      />
    </Page>
  );
}

function useRemoval() {
  const { t } = useTranslation("identity");
  const client = useQueryClient();
  return (project: Project) =>
    confirm({
      title: t("deleteOf", { name: project.name }),
      text: t("projects.deleteText"),
      verb: t("delete"),
      danger: true,
      typed: project.name,
      cli: openstack("project", "delete", project.id),
      work: async () => {
        const params = { path: { project_id: project.id } };
        await done(identity.DELETE("/v3/projects/{project_id}", { params }));
        await client.invalidateQueries({ queryKey: keys.projects });
      },
    });
}

function useColumns(): Column<Project>[] {
  const { t } = useTranslation("identity");
  return [
    {
      key: "name",
      header: t("name"),
      width: "30%",
      value: (one) => one.name,
      cell: (one) => (
        <TextLink to="/projects/$projectId" params={{ projectId: one.id }} fw={550}>
          {one.name}
        </TextLink>
      ),
    },
    {
      key: "description",
      header: t("description"),
      from: 640,
      value: (one) => one.description,
      cell: (one) => (
        <Text size="sm" truncate>
          {one.description || "–"}
        </Text>
      ),
    },
    {
      key: "enabled",
      header: t("state"),
      width: "22%",
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
      width: "24%",
      from: 1000,
      value: (one) => one.id,
      cell: (one) => (
        <Text size="xs" ff="monospace" truncate>
          {one.id}
        </Text>
      ),
    },
  ];
}

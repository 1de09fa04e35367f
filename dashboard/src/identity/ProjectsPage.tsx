// All projects, for administrators.
import { IconFolders } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { TextLink } from "../parts/links";
import { NamedList } from "./NamedList";
import { useDescription, useDomain, useEnabled, useId } from "./columns";
import type { Project } from "./models";
import { PROJECT } from "./things";

export function ProjectsPage() {
  const { t } = useTranslation("identity");
  const navigate = useNavigate();
  const columns = [
    {
      key: "name",
      header: t("name"),
      width: "30%",
      value: (one: Project) => one.name,
      cell: (one: Project) => (
        <TextLink to="/projects/$projectId" params={{ projectId: one.id }} fw={550} truncate>
          {one.name}
        </TextLink>
      ),
    },
    useDescription<Project>(),
    ...useDomain<Project>(),
    useEnabled<Project>(),
    useId<Project>(),
  ];
  return (
    <NamedList
      kind={PROJECT}
      icon={IconFolders}
      columns={columns}
      state={(one) => t(one.enabled ? "enabled" : "disabled")}
      open={(one) => void navigate({ to: "/projects/$projectId", params: { projectId: one.id } })}
    />
  );
}

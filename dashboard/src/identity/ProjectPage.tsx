// One project: who may do what in it.
import { useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { ThingPage } from "../parts/ThingPage";
import { AssignmentTable } from "./AssignmentTable";
import { NamedHead } from "./NamedHead";
import { Enabled } from "./columns";
import { PROJECT, oneOf } from "./things";

export function ProjectPage() {
  const { t } = useTranslation("identity");
  const { projectId } = useParams({ from: "/shell/projects/$projectId" });
  return (
    <ThingPage
      spec={oneOf(PROJECT, projectId)}
      title={t("project")}
      crumb={{ label: t("projects"), to: "/projects" }}
      name={(one) => one.name}
      mark={(one) => <Enabled thing={one} />}
      about={(one) => one.description}
      actions={(one) => <NamedHead kind={PROJECT} thing={one} list="/projects" />}
    >
      {(one) => (
        <AssignmentTable
          asked={{ "scope.project.id": one.id }}
          given={{ place: "project", placeId: one.id }}
        />
      )}
    </ThingPage>
  );
}

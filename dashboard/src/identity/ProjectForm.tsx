// A project's name and words: for a new one and for one that is.
import { Switch, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { done, identity } from "../api/clients";
import { keys } from "../api/keys";
import { useChange } from "../api/queries";
import { FormFrame } from "../parts/form";
import { openstack } from "../parts/shell_words";
import type { Project } from "./models";

export function ProjectForm({ project, close }: { project?: Project; close: () => void }) {
  const { t } = useTranslation("identity");
  const [name, setName] = useState(project?.name ?? "");
  const [description, setDescription] = useState(project?.description ?? "");
  const [enabled, setEnabled] = useState(project?.enabled ?? true);
  const change = useChange(() => {
    const body = { project: { name: name.trim(), description, enabled } } as never;
    if (!project) return done(identity.POST("/v3/projects", { body }));
    const params = { path: { project_id: project.id } };
    return done(identity.PATCH("/v3/projects/{project_id}", { params, body }));
  }, [keys.projects]);
  const words = name.trim() || "NAME";
  const able = enabled ? "--enable" : "--disable";
  const cli = project
    ? openstack(
        ...["project", "set", "--name", words, "--description"],
        ...[description || " ", able, project.id],
      )
    : openstack("project", "create", description && "--description", description, able, words);
  return (
    <FormFrame
      submit={() => change.mutateAsync()}
      close={close}
      verb={t(project ? "save" : "create")}
      disabled={!name.trim()}
      cli={cli}
    >
      <TextInput
        label={t("name")}
        value={name}
        maxLength={64}
        required
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
      />
      <TextInput
        label={t("description")}
        value={description}
        onChange={(event) => setDescription(event.currentTarget.value)}
      />
      <Switch
        label={t("projects.enabled")}
        checked={enabled}
        onChange={(event) => setEnabled(event.currentTarget.checked)}
      />
    </FormFrame>
  );
}

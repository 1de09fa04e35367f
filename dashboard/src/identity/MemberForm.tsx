// A user's role in a project.
import { Select } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { done, identity } from "../api/clients";
import { keys } from "../api/keys";
import { useChange, useList } from "../api/queries";
import { ErrorAlert } from "../parts/ErrorAlert";
import { FormFrame } from "../parts/form";
import { openstack } from "../parts/shell_words";
import type { Project } from "./models";
import { roleList, userList } from "./queries";

const USUAL = "member";

export function MemberForm({ project, close }: { project: Project; close: () => void }) {
  const { t } = useTranslation("identity");
  const users = useList(userList());
  const roles = useList(roleList());
  const [userId, setUserId] = useState<string | null>(null);
  const [chosen, setChosen] = useState<string | null>(null);
  const usual = roles.data?.find((one) => one.name === USUAL)?.id ?? null;
  const roleId = chosen ?? usual;
  const assign = useChange(
    (ids: { user_id: string; role_id: string }) => {
      const params = { path: { project_id: project.id, ...ids } };
      const one = "/v3/projects/{project_id}/users/{user_id}/roles/{role_id}";
      return done(identity.PUT(one, { params }));
    },
    [keys.projects],
  );
  const role = roles.data?.find((one) => one.id === roleId)?.name ?? "ROLE";
  const failed = users.error ?? roles.error;
  return (
    <FormFrame
      submit={async () => {
        if (userId && roleId) await assign.mutateAsync({ user_id: userId, role_id: roleId });
      }}
      close={close}
      verb={t("members.assign")}
      disabled={!userId || !roleId}
      cli={openstack("role", "add", "--project", project.id, "--user", userId ?? "USER", role)}
    >
      {failed && <ErrorAlert error={failed} />}
      <Select
        label={t("user")}
        data={(users.data ?? []).map((one) => ({ value: one.id, label: one.name }))}
        value={userId}
        onChange={setUserId}
        searchable
        required
        data-autofocus
      />
      <Select
        label={t("role")}
        data={(roles.data ?? []).map((one) => ({ value: one.id, label: one.name }))}
        value={roleId}
        onChange={setChosen}
        searchable
        required
      />
    </FormFrame>
  );
}

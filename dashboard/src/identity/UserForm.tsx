// A new user, and a new password for one that is.
import { PasswordInput, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { done, identity } from "../api/clients";
import { keys } from "../api/keys";
import { useChange } from "../api/queries";
import { FormFrame } from "../parts/form";
import { openstack } from "../parts/shell_words";
import { DomainChoice } from "./DomainChoice";
import type { User } from "./models";
import { USER, create, update } from "./things";

/** A new password, written twice: what is said, and null while the two are not the same. */
function useNewPassword(label: string) {
  const { t } = useTranslation("identity");
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const fields = (
    <>
      <PasswordInput
        label={label}
        value={password}
        required
        autoComplete="new-password"
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
      <PasswordInput
        label={t("password.again")}
        value={again}
        error={again !== "" && again !== password && t("password.differs")}
        required
        autoComplete="new-password"
        onChange={(event) => setAgain(event.currentTarget.value)}
      />
    </>
  );
  return { password: password && again === password ? password : null, fields };
}

export function UserForm({ close }: { close: () => void }) {
  const { t } = useTranslation("identity");
  const [name, setName] = useState("");
  const [domain, setDomain] = useState<string | null>(null);
  const { password, fields } = useNewPassword(t("password"));
  const inDomain = domain ? ["--domain", domain] : [];
  const add = useChange(
    () => create(USER, { name: name.trim(), password, ...(domain && { domain_id: domain }) }),
    [keys.users],
  );
  return (
    <FormFrame
      submit={() => add.mutateAsync(undefined)}
      close={close}
      verb={t("create")}
      disabled={!name.trim() || !password}
      cli={openstack("user", "create", ...inDomain, "--password-prompt", name.trim() || "NAME")}
    >
      <TextInput
        label={t("name")}
        value={name}
        maxLength={255}
        required
        autoComplete="off"
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
      />
      <DomainChoice value={domain} set={setDomain} />
      {fields}
    </FormFrame>
  );
}

export function PasswordForm({ user, close }: { user: User; close: () => void }) {
  const { t } = useTranslation("identity");
  const { password, fields } = useNewPassword(t("password.new"));
  const change = useChange(() => update(USER, user.id, { password }), [keys.users]);
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("save")}
      disabled={!password}
      cli={openstack("user", "set", "--password-prompt", user.id)}
      done={t("password.done")}
    >
      {fields}
    </FormFrame>
  );
}

/** One's own: the one until now is asked for. */
export function OwnPasswordForm({ userId, close }: { userId: string; close: () => void }) {
  const { t } = useTranslation("identity");
  const [original, setOriginal] = useState("");
  const { password, fields } = useNewPassword(t("password.new"));
  const change = useChange(() => {
    const params = { path: { user_id: userId } };
    const body = { user: { original_password: original, password: password ?? "" } };
    return done(identity.POST("/v3/users/{user_id}/password", { params, body }));
  }, []);
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("save")}
      disabled={!original || !password}
      cli={openstack("user", "password", "set")}
      done={t("password.done")}
    >
      <PasswordInput
        label={t("password.now")}
        value={original}
        required
        autoComplete="current-password"
        onChange={(event) => setOriginal(event.currentTarget.value)}
      />
      {fields}
    </FormFrame>
  );
}

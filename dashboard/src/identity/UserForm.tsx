// A new user, and a new password for one that is.
import { PasswordInput, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { done, identity } from "../api/clients";
import { keys } from "../api/keys";
import { useChange } from "../api/queries";
import { FormFrame } from "../parts/form";
import { openstack } from "../parts/shell_words";
import type { User } from "./models";

interface FieldProps {
  label: string;
  value: string;
  set: (value: string) => void;
  /** What a password store should make of it. */
  kind?: "new-password" | "current-password";
  error?: string | false;
}

function Password({ label, value, set, kind = "new-password", error }: FieldProps) {
  return (
    <PasswordInput
      label={label}
      value={value}
      error={error}
      required
      autoComplete={kind}
      onChange={(event) => set(event.currentTarget.value)}
    />
  );
}

export function UserForm({ close }: { close: () => void }) {
  const { t } = useTranslation("identity");
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const differs = again !== "" && again !== password;
  const create = useChange(() => {
    const body = { user: { name: name.trim(), password } } as never;
    return done(identity.POST("/v3/users", { body }));
  }, [keys.users]);
  return (
    <FormFrame
      submit={() => create.mutateAsync()}
      close={close}
      verb={t("create")}
      disabled={!name.trim() || !password || again !== password}
      cli={openstack("user", "create", "--password-prompt", name.trim() || "NAME")}
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
      <Password label={t("password")} value={password} set={setPassword} />
      <Password
        label={t("password.again")}
        value={again}
        set={setAgain}
        error={differs && t("password.differs")}
      />
    </FormFrame>
  );
}

export function PasswordForm({ user, close }: { user: User; close: () => void }) {
  const { t } = useTranslation("identity");
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const differs = again !== "" && again !== password;
  const change = useChange(() => {
    const params = { path: { user_id: user.id } };
    const body = { user: { password } } as never;
    return done(identity.PATCH("/v3/users/{user_id}", { params, body }));
  }, [keys.users]);
  return (
    <FormFrame
      submit={() => change.mutateAsync()}
      close={close}
      verb={t("save")}
      disabled={!password || again !== password}
      cli={openstack("user", "set", "--password-prompt", user.id)}
      done={t("password.done")}
    >
      <Password label={t("password.new")} value={password} set={setPassword} />
      <Password
        label={t("password.again")}
        value={again}
        set={setAgain}
        error={differs && t("password.differs")}
      />
    </FormFrame>
  );
}

/** One's own: the one until now is asked for. */
export function OwnPasswordForm({ userId, close }: { userId: string; close: () => void }) {
  const { t } = useTranslation("identity");
  const [original, setOriginal] = useState("");
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const differs = again !== "" && again !== password;
  const change = useChange(() => {
    const params = { path: { user_id: userId } };
    const body = { user: { original_password: original, password } };
    return done(identity.POST("/v3/users/{user_id}/password", { params, body }));
  }, []);
  return (
    <FormFrame
      submit={() => change.mutateAsync()}
      close={close}
      verb={t("save")}
      disabled={!original || !password || again !== password}
      cli={openstack("user", "password", "set")}
      done={t("password.done")}
    >
      <Password
        label={t("password.now")}
        value={original}
        set={setOriginal}
        kind="current-password"
      />
      <Password label={t("password.new")} value={password} set={setPassword} />
      <Password
        label={t("password.again")}
        value={again}
        set={setAgain}
        error={differs && t("password.differs")}
      />
    </FormFrame>
  );
}

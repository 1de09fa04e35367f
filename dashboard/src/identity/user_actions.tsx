// What administrators do to a user, from the list and from the user's own page.
import { Button } from "@mantine/core";
import { IconKey, IconPlayerPlay, IconPlayerStop } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { confirm } from "../parts/confirm";
import { openForm } from "../parts/form";
import type { Deed } from "../parts/RowMenu";
import { openstack } from "../parts/shell_words";
import { PasswordForm } from "./UserForm";
import type { User } from "./models";
import { USER, update } from "./things";

export function usePasswordDeed(): (user: User) => Deed {
  const { t } = useTranslation("identity");
  return (user) => ({
    label: t("password.set"),
    icon: IconKey,
    start: () =>
      openForm(t("password.of", { name: user.name }), (close) => (
        <PasswordForm user={user} close={close} />
      )),
  });
}

/** Disable who is enabled, enable who is not; asked about first. */
export function useAbleDeed(): (user: User) => Deed {
  const { t } = useTranslation("identity");
  const client = useQueryClient();
  return (user) => {
    const on = user.enabled;
    const verb = t(on ? "disable" : "enable");
    const ask = () =>
      confirm({
        title: t(on ? "disableOf" : "enableOf", { name: user.name }),
        text: t(on ? "users.disableText" : "users.enableText"),
        verb,
        danger: on,
        cli: openstack("user", "set", on ? "--disable" : "--enable", user.id),
        work: async () => {
          await update(USER, user.id, { enabled: !on });
          await client.invalidateQueries({ queryKey: USER.queryKey });
        },
      });
    return { label: verb, icon: on ? IconPlayerStop : IconPlayerPlay, start: ask };
  };
}

function DeedButton({ deed }: { deed: Deed }) {
  return (
    <Button
      variant="default"
      leftSection={<deed.icon size={16} aria-hidden />}
      onClick={deed.start}
    >
      {deed.label}
    </Button>
  );
}

export function PasswordButton({ user }: { user: User }) {
  return <DeedButton deed={usePasswordDeed()(user)} />;
}

export function AbleButton({ user }: { user: User }) {
  return <DeedButton deed={useAbleDeed()(user)} />;
}

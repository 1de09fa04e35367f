// The list of projects, domains, groups or roles: each is opened, changed and deleted alike.
import type { Icon } from "@tabler/icons-react";
import { IconPencil } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useList } from "../api/queries";
import { NewButton } from "../parts/buttons";
import { Empty } from "../parts/Empty";
import { openForm } from "../parts/form";
import { Page } from "../parts/Page";
import { useRemoval } from "../parts/removal";
import type { Column } from "../parts/ResourceTable";
import { ThingTable } from "../parts/ThingTable";
import { NamedForm } from "./NamedForm";
import type { Named } from "./models";
import { type Kind, listOf, removalOf } from "./things";

interface Props<T> {
  kind: Kind<T>;
  icon: Icon;
  columns: Column<T>[];
  open: (one: T) => void;
  state?: (one: T) => string;
  removable?: (one: T) => boolean;
}

export function NamedList<T extends Named & { enabled?: boolean }>({
  kind,
  icon,
  columns,
  open,
  ...rest
}: Props<T>) {
  const { t } = useTranslation(["identity", "parts"]);
  const area = `${kind.one}s` as "projects" | "domains" | "groups" | "roles";
  const found = useList(listOf(kind));
  const remove = useRemoval<T>({ ...removalOf(kind), about: t(`${area}.deleteText`), typed: true });
  const create = (
    <NewButton label={t(`${area}.new`)} form={(close) => <NamedForm kind={kind} close={close} />} />
  );
  const edit = (one: T) =>
    openForm(t("parts:editOf", { name: one.name }), (close) => (
      <NamedForm kind={kind} thing={one} close={close} />
    ));
  return (
    <Page title={t(area)} about={t(`${area}.about`)} actions={create}>
      <ThingTable
        label={t(area)}
        found={found}
        columns={columns}
        name={(one) => one.name}
        open={open}
        deeds={(one) => [{ label: t("parts:edit"), icon: IconPencil, start: () => edit(one) }]}
        remove={remove}
        {...rest}
        empty={<Empty icon={icon} title={t(`${area}.empty`)} action={create} />}
      />
    </Page>
  );
}

// What can be done to one project, domain, group or role: at the head of its page.
import { useNavigate } from "@tanstack/react-router";
import type { LinkProps } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { DeleteButton, EditButton } from "../parts/buttons";
import { useRemoval } from "../parts/removal";
import { NamedForm } from "./NamedForm";
import type { Named } from "./models";
import { type Kind, removalOf } from "./things";

interface Props<T> {
  kind: Kind<T>;
  thing: T;
  /** Where its list is. */
  list: LinkProps["to"];
  removable?: boolean;
}

export function NamedHead<T extends Named & { enabled?: boolean }>(props: Props<T>) {
  const { kind, thing, list, removable = true } = props;
  const { t } = useTranslation("identity");
  const navigate = useNavigate();
  const area = `${kind.one}s` as "projects" | "domains" | "groups" | "roles";
  const remove = useRemoval<T>({ ...removalOf(kind), about: t(`${area}.deleteText`), typed: true });
  return (
    <>
      <EditButton
        name={thing.name}
        form={(close) => <NamedForm kind={kind} thing={thing} close={close} />}
      />
      <DeleteButton
        disabled={!removable}
        start={() => remove([thing], () => void navigate({ to: list }))}
      />
    </>
  );
}

// A project, domain, group or role in a form: its name and words, for a new one and for one that is.
import { Switch } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useChange } from "../api/queries";
import { FormFrame } from "../parts/form";
import { NameFields, useSaid } from "../parts/NameFields";
import { openstack } from "../parts/shell_words";
import { DomainChoice } from "./DomainChoice";
import type { Named } from "./models";
import { type Kind, create, staleBy, update } from "./things";

interface Props<T> {
  kind: Kind<T>;
  /** Without it, a new one. */
  thing?: T;
  close: () => void;
}

const NAME_MAX = { project: 64, domain: 64, group: 64, role: 255, user: 255 };

export function NamedForm<T extends Named & { enabled?: boolean }>({
  kind,
  thing,
  close,
}: Props<T>) {
  const { t } = useTranslation("identity");
  const [said, setSaid] = useSaid(thing);
  const { name, description } = said;
  const [enabled, setEnabled] = useState(thing?.enabled ?? true);
  const [domain, setDomain] = useState<string | null>(null);
  const what = kind.one;
  const able = what === "project" || what === "domain";
  const inDomain = !thing && (what === "project" || what === "group");
  const change = useChange(() => {
    const body = { name: name.trim(), description, ...(able && { enabled }) };
    if (thing) return update(kind, thing.id, body);
    return create(kind, { ...body, ...(domain && { domain_id: domain }) });
  }, staleBy(kind));
  const words = name.trim() || "NAME";
  const option = able && enabled !== thing?.enabled && (enabled ? "--enable" : "--disable");
  const cli = thing
    ? openstack(
        ...[what, "set", ...(words === thing.name ? [] : ["--name", words])],
        ...(description === (thing.description ?? "") ? [] : ["--description", description || " "]),
        ...[option, thing.id],
      )
    : openstack(
        ...[what, "create", ...(domain ? ["--domain", domain] : [])],
        ...[...(description ? ["--description", description] : []), option, words],
      );
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t(thing ? "save" : "create")}
      disabled={!name.trim()}
      cli={cli}
    >
      <NameFields said={said} set={setSaid} required max={NAME_MAX[what]} anyLength />
      {inDomain && <DomainChoice value={domain} set={setDomain} />}
      {able && (
        <Switch
          label={t(`enabled.${what}`)}
          checked={enabled}
          onChange={(event) => setEnabled(event.currentTarget.checked)}
        />
      )}
    </FormFrame>
  );
}

// One role: which others it brings along, and who has it where.
import { Select, Stack, Title } from "@mantine/core";
import { IconShieldHalf } from "@tabler/icons-react";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useChange, useList } from "../api/queries";
import { NewButton } from "../parts/buttons";
import { Empty } from "../parts/Empty";
import { FormFrame } from "../parts/form";
import { TextLink } from "../parts/links";
import { useRemoval } from "../parts/removal";
import { openstack } from "../parts/shell_words";
import { ThingPage } from "../parts/ThingPage";
import { ThingTable } from "../parts/ThingTable";
import { AssignmentTable } from "./AssignmentTable";
import { NamedHead } from "./NamedHead";
import type { Inference, Role } from "./models";
import { imply, inferences, stopImplying } from "./queries";
import { ROLE, listOf, oneOf, staleBy } from "./things";

type Implied = Inference["implies"][number];

export function RolePage() {
  const { t } = useTranslation("identity");
  const { roleId } = useParams({ from: "/shell/roles/$roleId" });
  return (
    <ThingPage
      spec={oneOf(ROLE, roleId)}
      title={t("role")}
      crumb={{ label: t("roles"), to: "/roles" }}
      name={(one) => one.name}
      about={(one) => one.description}
      actions={(one) => <NamedHead kind={ROLE} thing={one} list="/roles" />}
    >
      {(one) => (
        <Stack>
          <Title order={2} size="h4">
            {t("roles.implied")}
          </Title>
          <ImpliedRoles role={one} />
          <Title order={2} size="h4" mt="md">
            {t("roles.assignments")}
          </Title>
          <AssignmentTable asked={{ "role.id": one.id }} given={{ roleId: one.id }} small />
        </Stack>
      )}
    </ThingPage>
  );
}

function ImpliedRoles({ role }: { role: Role }) {
  const { t } = useTranslation("identity");
  const all = useList(inferences());
  const mine = all.data && (all.data.find((one) => one.prior_role.id === role.id)?.implies ?? []);
  const remove = useRemoval<Implied>({
    name: (one) => one.name,
    cli: (one) => openstack("implied", "role", "delete", role.id, "--implied-role", one.id),
    remove: (one) => stopImplying(role, one),
    about: t("roles.stopText", { role: role.name }),
    stale: staleBy(ROLE),
    words: {
      verb: t("roles.stop"),
      ask: (what) => t("roles.stopOf", { what, role: role.name }),
      done: (what) => t("roles.stopped", { what, role: role.name }),
    },
  });
  const add = (
    <NewButton
      label={t("roles.imply")}
      small
      form={(close) => <ImplyForm role={role} implied={mine ?? []} close={close} />}
    />
  );
  return (
    <ThingTable
      label={t("roles.implied")}
      found={{ data: mine, error: all.error, refetch: all.refetch }}
      columns={[
        {
          key: "name",
          header: t("name"),
          value: (one) => one.name,
          cell: (one) => (
            <TextLink to="/roles/$roleId" params={{ roleId: one.id }} fw={550} truncate>
              {one.name}
            </TextLink>
          ),
        },
      ]}
      name={(one) => one.name}
      remove={remove}
      removeWord={t("roles.stop")}
      tools={add}
      empty={
        <Empty
          icon={IconShieldHalf}
          title={t("roles.impliesNone")}
          text={t("roles.impliesNoneText")}
          action={add}
        />
      }
    />
  );
}

interface FormProps {
  role: Role;
  implied: Implied[];
  close: () => void;
}

function ImplyForm({ role, implied, close }: FormProps) {
  const { t } = useTranslation("identity");
  const roles = useList(listOf(ROLE)).data ?? [];
  const [id, setId] = useState<string | null>(null);
  const taken = new Set([role.id, ...implied.map((one) => one.id)]);
  const add = useChange(async () => {
    if (id) await imply(role, { id });
  }, staleBy(ROLE));
  return (
    <FormFrame
      submit={() => add.mutateAsync(undefined)}
      close={close}
      verb={t("members.addVerb")}
      disabled={!id}
      cli={openstack("implied", "role", "create", role.id, "--implied-role", id ?? "ROLE")}
    >
      <Select
        label={t("role")}
        description={t("roles.implyText", { role: role.name })}
        data={roles
          .filter((one) => !taken.has(one.id))
          .map((one) => ({ value: one.id, label: one.name }))}
        value={id}
        onChange={setId}
        searchable
        required
      />
    </FormFrame>
  );
}

// A role for somebody somewhere. What is given is not asked for again.
import { SegmentedControl, Select, Stack, Switch, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useChange, useList } from "../api/queries";
import { ErrorAlert } from "../parts/ErrorAlert";
import { FormFrame } from "../parts/form";
import { type Actor, type Grant, type Place, give, grantCli } from "./grants";
import { DOMAIN, GROUP, type Kind, PROJECT, ROLE, USER, listOf, staleBy } from "./things";

const USUAL = "member";
const BLANK: Grant = {
  actor: "user",
  actorId: "",
  place: "project",
  placeId: "",
  roleId: "",
  inherited: false,
};

export function AssignForm({ given, close }: { given: Partial<Grant>; close: () => void }) {
  const { t } = useTranslation("identity");
  const roles = useList(listOf(ROLE));
  const [said, setSaid] = useState<Grant>({ ...BLANK, ...given });
  const set = (change: Partial<Grant>) => setSaid((before) => ({ ...before, ...change }));
  const usual = roles.data?.find((one) => one.name === USUAL)?.id ?? "";
  const grant = { ...said, roleId: said.roleId || usual };
  const role = roles.data?.find((one) => one.id === grant.roleId)?.name ?? "";
  const assign = useChange(() => give(grant), staleBy(ROLE));
  return (
    <FormFrame
      submit={() => assign.mutateAsync(undefined)}
      close={close}
      verb={t("roles.assignVerb")}
      disabled={!grant.actorId || !grant.placeId || !grant.roleId}
      cli={grantCli("add", grant, role)}
    >
      {given.actorId === undefined && (
        <Asked
          label={t("member")}
          kinds={["user", "group"] as const}
          word={(kind) => t(kind)}
          kind={grant.actor}
          id={grant.actorId}
          set={(actor: Actor, actorId) => set({ actor, actorId })}
        />
      )}
      {given.placeId === undefined && (
        <Asked
          label={t("place")}
          kinds={["project", "domain", "system"] as const}
          word={(kind) => t(`place.${kind}`)}
          kind={grant.place}
          id={grant.placeId}
          set={(place: Place, placeId) =>
            set({ place, placeId, inherited: place !== "system" && grant.inherited })
          }
        />
      )}
      {given.roleId === undefined && (
        <Choice label={t("role")} kind={ROLE} id={grant.roleId} set={(roleId) => set({ roleId })} />
      )}
      {grant.place !== "system" && (
        <Switch
          label={t("roles.inherit")}
          description={t(`roles.inheritText.${grant.place}`)}
          checked={grant.inherited}
          onChange={(event) => set({ inherited: event.currentTarget.checked })}
        />
      )}
    </FormFrame>
  );
}

interface AskedProps<K extends Actor | Place> {
  label: string;
  kinds: readonly K[];
  word: (kind: K) => string;
  kind: K;
  id: string;
  set: (kind: K, id: string) => void;
}

/** First what kind of thing, then which one. Of the system there is only one. */
function Asked<K extends Actor | Place>({ label, kinds, word, kind, id, set }: AskedProps<K>) {
  const { t } = useTranslation("identity");
  return (
    <Stack gap={6}>
      <Text size="sm" fw={550} component="span">
        {label}
      </Text>
      <SegmentedControl
        value={kind}
        onChange={(value) => set(value as K, value === "system" ? "all" : "")}
        aria-label={label}
        data={kinds.map((one) => ({ value: one, label: word(one) }))}
        fullWidth
      />
      {kind === "system" ? (
        <Text size="sm" c="dimmed">
          {t("place.systemText")}
        </Text>
      ) : (
        <Choice
          key={kind}
          name={word(kind)}
          kind={kindOf(kind)}
          id={id}
          set={(to) => set(kind, to)}
        />
      )}
    </Stack>
  );
}

type Listed = Kind<{ id: string; name: string }>;
const KINDS: Listed[] = [USER, GROUP, PROJECT, DOMAIN];

function kindOf(what: Actor | Place): Listed {
  return KINDS.find((one) => one.one === what) ?? USER;
}

interface ChoiceProps {
  /** Over it; without one, `name` is for who cannot see what stands above. */
  label?: string;
  name?: string;
  kind: Listed;
  id: string;
  set: (id: string) => void;
}

function Choice({ label, name, kind, id, set }: ChoiceProps) {
  const found = useList(listOf(kind));
  return (
    <>
      {found.error && <ErrorAlert error={found.error} />}
      <Select
        label={label}
        aria-label={name}
        placeholder={name}
        data={(found.data ?? []).map((one) => ({ value: one.id, label: one.name }))}
        value={id || null}
        onChange={(value) => set(value ?? "")}
        allowDeselect={false}
        searchable
        required
      />
    </>
  );
}

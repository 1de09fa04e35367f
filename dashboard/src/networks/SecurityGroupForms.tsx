// A security group and its rules in forms; a rule is explained before it is made.
import { Alert, SegmentedControl, Select, SimpleGrid, Text, TextInput } from "@mantine/core";
import { IconAlertTriangle, IconShieldCheck } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useChange } from "../api/queries";
import { FormFrame } from "../parts/form";
import { NameFields, useSaid } from "../parts/NameFields";
import { openstack } from "../parts/shell_words";
import { useExplained } from "./Explained";
import { label } from "./hooks";
import type { SecurityGroupFull } from "./models";
import {
  FRESH_RULE,
  PRESETS,
  PROTOCOLS,
  type RuleDraft,
  hasPorts,
  isOpen,
  isPortsText,
  ruleBody,
  ruleCli,
  ruleOf,
} from "./rules";
import { RULE, SECURITY_GROUP, create, update } from "./things";

interface GroupProps {
  /** Without it, a new one. */
  group?: SecurityGroupFull;
  close: () => void;
}

export function GroupForm({ group, close }: GroupProps) {
  const { t } = useTranslation("networks");
  const [said, setSaid] = useSaid(group);
  const { name, description } = said;
  const change = useChange(async () => {
    if (group) await update(SECURITY_GROUP, group.id, { name, description });
    else await create(SECURITY_GROUP, { name, description });
  }, SECURITY_GROUP.stale);
  const words = description ? ["--description", description] : [];
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t(group ? "save" : "create")}
      done={group ? t("saved") : t("made", { name })}
      disabled={!name}
      cli={
        group
          ? openstack("security", "group", "set", "--name", name, ...words, group.id)
          : openstack("security", "group", "create", ...words, name || "NAME")
      }
    >
      <NameFields said={said} set={setSaid} required fixed={group?.name === "default"} />
      {!group && (
        <Text size="sm" c="dimmed">
          {t("group.fresh")}
        </Text>
      )}
    </FormFrame>
  );
}

interface RuleProps {
  group: SecurityGroupFull;
  groups: SecurityGroupFull[];
  close: () => void;
}

export function RuleForm({ group, groups, close }: RuleProps) {
  const { t } = useTranslation("networks");
  const [preset, setPreset] = useState<string>("preset.ssh");
  const [draft, setDraft] = useState<RuleDraft>({ ...FRESH_RULE, ports: "22" });
  const explain = useExplained(new Map(groups.map((one) => [one.id, label(one)])));
  const change = useChange(() => create(RULE, ruleBody(draft, group.id)), RULE.stale);
  const set = (part: Partial<RuleDraft>) => setDraft({ ...draft, ...part });
  const choose = (name: string | null) => {
    const found = PRESETS.find((one) => one.name === name);
    if (!found) return;
    setPreset(found.name);
    set(found.rule);
  };
  const rule = ruleOf(draft);
  const open = isOpen(rule);
  const Mark = open ? IconAlertTriangle : IconShieldCheck;
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("add")}
      done={t("rule.made")}
      disabled={!isPortsText(draft.ports) || (draft.remote === "group" && !draft.groupId)}
      cli={ruleCli(draft, label(group))}
    >
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <Select
          label={t("rule.preset")}
          allowDeselect={false}
          data={PRESETS.map((one) => ({ value: one.name, label: t(one.name) }))}
          value={preset}
          onChange={choose}
          data-autofocus
        />
        <Select
          label={t("rule.direction")}
          allowDeselect={false}
          data={[
            { value: "ingress", label: t("rule.ingress") },
            { value: "egress", label: t("rule.egress") },
          ]}
          value={draft.direction}
          onChange={(value) => set({ direction: value as RuleDraft["direction"] })}
        />
      </SimpleGrid>
      {preset === "preset.custom" && <CustomFields draft={draft} set={set} />}
      <SegmentedControl
        aria-label={t("rule.remote")}
        data={[
          { value: "cidr", label: t("rule.byCidr") },
          { value: "group", label: t("rule.byGroup") },
        ]}
        value={draft.remote}
        onChange={(value) => set({ remote: value as RuleDraft["remote"] })}
      />
      {draft.remote === "cidr" ? (
        <TextInput
          label={t("rule.cidr")}
          placeholder={draft.ethertype === "IPv6" ? "::/0" : "0.0.0.0/0"}
          description={t("rule.cidrAbout")}
          value={draft.cidr}
          onChange={(event) => {
            const cidr = event.currentTarget.value;
            set({ cidr, ethertype: cidr.includes(":") ? "IPv6" : draft.ethertype });
          }}
        />
      ) : (
        <Select
          label={t("rule.group")}
          required
          data={groups.map((one) => ({ value: one.id, label: label(one) }))}
          value={draft.groupId}
          onChange={(groupId) => set({ groupId })}
        />
      )}
      <TextInput
        label={t("description")}
        maxLength={255}
        value={draft.description}
        onChange={(event) => set({ description: event.currentTarget.value })}
      />
      <Alert
        variant="outline"
        color={open ? "yellow" : "gray"}
        icon={<Mark aria-hidden />}
        title={explain(rule)}
        role="status"
        styles={{ title: { color: "var(--mantine-color-text)" } }}
      >
        {open && t("rule.open")}
      </Alert>
    </FormFrame>
  );
}

interface CustomProps {
  draft: RuleDraft;
  set: (part: Partial<RuleDraft>) => void;
}

function CustomFields({ draft, set }: CustomProps) {
  const { t } = useTranslation("networks");
  return (
    <SimpleGrid cols={{ base: 1, xs: 3 }}>
      <Select
        label={t("rule.protocol")}
        allowDeselect={false}
        data={[
          { value: "", label: t("rule.any") },
          ...PROTOCOLS.map((one) => ({ value: one, label: one.toUpperCase() })),
        ]}
        value={draft.protocol}
        onChange={(protocol) => set({ protocol: protocol ?? "" })}
      />
      <TextInput
        label={t("rule.ports")}
        placeholder={t("rule.portsHint")}
        disabled={!hasPorts(draft.protocol)}
        error={isPortsText(draft.ports) ? undefined : t("rule.portsWrong")}
        value={draft.ports}
        onChange={(event) => set({ ports: event.currentTarget.value })}
      />
      <Select
        label={t("rule.family")}
        allowDeselect={false}
        data={["IPv4", "IPv6"]}
        value={draft.ethertype}
        onChange={(value) => set({ ethertype: value as RuleDraft["ethertype"] })}
      />
    </SimpleGrid>
  );
}

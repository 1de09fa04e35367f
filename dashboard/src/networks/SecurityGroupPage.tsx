// One security group: its rules, each in words.
import { Text } from "@mantine/core";
import { IconShield } from "@tabler/icons-react";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { DeleteButton, EditButton, NewButton } from "../parts/buttons";
import { useSession } from "../api/session";
import { Empty } from "../parts/Empty";
import type { Column } from "../parts/ResourceTable";
import { ThingPage } from "../parts/ThingPage";
import { ThingTable } from "../parts/ThingTable";
import { useExplained } from "./Explained";
import { GroupForm, RuleForm } from "./SecurityGroupForms";
import { label, useAll, useThingRemoval } from "./hooks";
import type { Rule, SecurityGroupFull } from "./models";
import { portsText } from "./rules";
import { RULE, SECURITY_GROUP, oneOf } from "./things";

export function SecurityGroupPage() {
  const { t } = useTranslation("networks");
  const { groupId } = useParams({ from: "/shell/security-groups/$groupId" });
  return (
    <ThingPage
      spec={oneOf(SECURITY_GROUP, groupId)}
      title={t("securityGroup")}
      crumb={{ label: t("securityGroups"), to: "/security-groups" }}
      name={label}
      about={(one) => one.description}
      actions={(one) => <Actions group={one} />}
    >
      {(one) => <Rules group={one} />}
    </ThingPage>
  );
}

function Actions({ group }: { group: SecurityGroupFull }) {
  const navigate = useNavigate();
  const remove = useThingRemoval(SECURITY_GROUP, "removeAbout.group", label);
  return (
    <>
      <AddRule group={group} />
      <EditButton name={label(group)} form={(close) => <GroupForm group={group} close={close} />} />
      {group.name !== "default" && (
        <DeleteButton
          start={() => remove([group], () => void navigate({ to: "/security-groups" }))}
        />
      )}
    </>
  );
}

function useGroups(): SecurityGroupFull[] {
  const project = useSession()?.project?.id ?? "";
  return useAll(SECURITY_GROUP, { project_id: project }).data ?? [];
}

function AddRule({ group }: { group: SecurityGroupFull }) {
  const { t } = useTranslation("networks");
  const groups = useGroups();
  return (
    <NewButton
      label={t("rule.add")}
      title={t("rule.addTo", { name: label(group) })}
      form={(close) => <RuleForm group={group} groups={groups} close={close} />}
      wide
    />
  );
}

function Rules({ group }: { group: SecurityGroupFull }) {
  const { t } = useTranslation("networks");
  const groups = useGroups();
  const explain = useExplained(new Map(groups.map((one) => [one.id, label(one)])));
  const remove = useThingRemoval(RULE, "removeAbout.rule", explain);
  const columns: Column<Rule>[] = [
    {
      key: "words",
      header: t("rule.words"),
      value: explain,
      cell: (one) => (
        <Text size="sm" truncate title={explain(one)}>
          {explain(one)}
        </Text>
      ),
    },
    {
      key: "direction",
      header: t("rule.direction"),
      width: "100px",
      from: 900,
      value: (one) => one.direction,
      cell: (one) => t(`rule.${one.direction}Short`),
    },
    {
      key: "protocol",
      header: t("rule.protocol"),
      width: "120px",
      from: 1000,
      value: (one) => one.protocol,
      cell: (one) => `${one.protocol?.toUpperCase() ?? t("rule.any")} ${portsText(one)}`,
    },
    {
      key: "family",
      header: t("rule.family"),
      width: "84px",
      from: 1100,
      value: (one) => one.ethertype,
      cell: (one) => one.ethertype,
    },
    {
      key: "description",
      header: t("description"),
      width: "18%",
      from: 1000,
      value: (one) => one.description,
      cell: (one) => one.description || "–",
    },
  ];
  return (
    <ThingTable
      label={t("group.rules")}
      found={{ data: group.security_group_rules, error: null, refetch: () => undefined }}
      columns={columns}
      name={explain}
      state={(one) => t(`rule.${one.direction}Short`)}
      sortBy="words"
      remove={remove}
      empty={
        <Empty
          icon={IconShield}
          title={t("group.noRules")}
          text={t("group.noRulesText")}
          action={<AddRule group={group} />}
        />
      }
    />
  );
}

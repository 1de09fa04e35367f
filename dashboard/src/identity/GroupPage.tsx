// One group: its members, and what it may do where.
import { MultiSelect, Stack, Title } from "@mantine/core";
import { IconUsers } from "@tabler/icons-react";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "../api/keys";
import { useChange, useList } from "../api/queries";
import { NewButton } from "../parts/buttons";
import { Empty } from "../parts/Empty";
import { ErrorAlert } from "../parts/ErrorAlert";
import { FormFrame } from "../parts/form";
import { TextLink } from "../parts/links";
import { forEach, useRemoval } from "../parts/removal";
import { openstack } from "../parts/shell_words";
import { ThingPage } from "../parts/ThingPage";
import { ThingTable } from "../parts/ThingTable";
import { AssignmentTable } from "./AssignmentTable";
import { NamedHead } from "./NamedHead";
import { useEnabled, useId } from "./columns";
import type { Group, User } from "./models";
import { addMember, membersOf, removeMember } from "./queries";
import { GROUP, USER, listOf, oneOf } from "./things";

export function GroupPage() {
  const { t } = useTranslation("identity");
  const { groupId } = useParams({ from: "/shell/groups/$groupId" });
  return (
    <ThingPage
      spec={oneOf(GROUP, groupId)}
      title={t("group")}
      crumb={{ label: t("groups"), to: "/groups" }}
      name={(one) => one.name}
      about={(one) => one.description}
      actions={(one) => <NamedHead kind={GROUP} thing={one} list="/groups" />}
    >
      {(one) => (
        <Stack>
          <Title order={2} size="h4">
            {t("members")}
          </Title>
          <Members group={one} />
          <Title order={2} size="h4" mt="md">
            {t("roles")}
          </Title>
          <AssignmentTable
            asked={{ "group.id": one.id }}
            given={{ actor: "group", actorId: one.id }}
            small
          />
        </Stack>
      )}
    </ThingPage>
  );
}

function Members({ group }: { group: Group }) {
  const { t } = useTranslation("identity");
  const found = useList(membersOf(group));
  const remove = useRemoval<User>({
    name: (one) => one.name,
    cli: (one) => openstack("group", "remove", "user", group.id, one.id),
    remove: (one) => removeMember(group, one.id),
    about: t("members.removeText", { group: group.name }),
    stale: [keys.groups],
    words: {
      verb: t("members.remove"),
      ask: (what) => t("members.removeOf", { what, group: group.name }),
      done: (what) => t("members.removed", { what, group: group.name }),
    },
  });
  const add = (
    <NewButton
      label={t("members.add")}
      small
      form={(close) => <MembersForm group={group} members={found.data ?? []} close={close} />}
    />
  );
  const columns = [
    {
      key: "name",
      header: t("name"),
      value: (one: User) => one.name,
      cell: (one: User) => (
        <TextLink to="/users/$userId" params={{ userId: one.id }} fw={550} truncate>
          {one.name}
        </TextLink>
      ),
    },
    useEnabled<User>(),
    useId<User>(),
  ];
  return (
    <ThingTable
      label={t("members")}
      found={found}
      columns={columns}
      name={(one) => one.name}
      remove={remove}
      removeWord={t("members.remove")}
      tools={add}
      empty={
        <Empty
          icon={IconUsers}
          title={t("members.empty")}
          text={t("members.emptyText")}
          action={add}
        />
      }
    />
  );
}

interface FormProps {
  group: Group;
  members: User[];
  close: () => void;
}

function MembersForm({ group, members, close }: FormProps) {
  const { t } = useTranslation("identity");
  const users = useList(listOf(USER));
  const [chosen, setChosen] = useState<string[]>([]);
  const inside = new Set(members.map((one) => one.id));
  const add = useChange(() => forEach(chosen, (id) => addMember(group, id)), [keys.groups]);
  return (
    <FormFrame
      submit={() => add.mutateAsync(undefined)}
      close={close}
      verb={t("members.addVerb")}
      disabled={chosen.length === 0}
      cli={openstack("group", "add", "user", group.id, ...(chosen.length > 0 ? chosen : ["USER"]))}
    >
      {users.error && <ErrorAlert error={users.error} />}
      <MultiSelect
        label={t("users")}
        data={(users.data ?? [])
          .filter((one) => !inside.has(one.id))
          .map((one) => ({ value: one.id, label: one.name }))}
        value={chosen}
        onChange={setChosen}
        searchable
        required
      />
    </FormFrame>
  );
}

// One user: groups, and what the user may do where.
import { Group, Stack, Title } from "@mantine/core";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useList } from "../api/queries";
import { Copied } from "../parts/Copied";
import { DeleteButton } from "../parts/buttons";
import { Facts } from "../parts/Facts";
import { TextLink } from "../parts/links";
import { Panel } from "../parts/Panel";
import { useRemoval } from "../parts/removal";
import { ThingPage } from "../parts/ThingPage";
import { AssignmentTable } from "./AssignmentTable";
import { useDomainNames } from "./DomainChoice";
import { AbleButton, PasswordButton } from "./user_actions";
import { Enabled } from "./columns";
import type { User } from "./models";
import { groupsOf } from "./queries";
import { USER, oneOf, removalOf } from "./things";

export function UserPage() {
  const { t } = useTranslation("identity");
  const { userId } = useParams({ from: "/shell/users/$userId" });
  return (
    <ThingPage
      spec={oneOf(USER, userId)}
      title={t("user")}
      crumb={{ label: t("users"), to: "/users" }}
      name={(one) => one.name}
      mark={(one) => <Enabled thing={one} />}
      about={(one) => one.description}
      actions={(one) => <Actions user={one} />}
    >
      {(one) => (
        <Stack>
          <About user={one} />
          <Title order={2} size="h4" mt="md">
            {t("roles")}
          </Title>
          <AssignmentTable
            asked={{ "user.id": one.id }}
            given={{ actor: "user", actorId: one.id }}
            small
          />
        </Stack>
      )}
    </ThingPage>
  );
}

function Actions({ user }: { user: User }) {
  const { t } = useTranslation("identity");
  const navigate = useNavigate();
  const remove = useRemoval<User>({
    ...removalOf(USER),
    about: t("users.deleteText"),
    typed: true,
  });
  return (
    <>
      <PasswordButton user={user} />
      <AbleButton user={user} />
      <DeleteButton start={() => remove([user], () => void navigate({ to: "/users" }))} />
    </>
  );
}

function About({ user }: { user: User }) {
  const { t } = useTranslation("identity");
  const groups = useList(groupsOf(user)).data ?? [];
  const domains = useDomainNames();
  return (
    <Panel title={t("facts")}>
      <Facts
        facts={[
          [t("id"), <Copied key="id" text={user.id} />],
          domains.size > 0 && [t("domain"), domains.get(user.domain_id)],
          [
            t("groups"),
            groups.length > 0 && (
              <Group gap="xs">
                {groups.map((one) => (
                  <TextLink key={one.id} to="/groups/$groupId" params={{ groupId: one.id }}>
                    {one.name}
                  </TextLink>
                ))}
              </Group>
            ),
          ],
        ]}
      />
    </Panel>
  );
}

// The door: password or application credential, then a project.
import {
  Anchor,
  Button,
  Card,
  Group,
  Menu,
  PasswordInput,
  SegmentedControl,
  Stack,
  Text,
  TextInput,
  Title,
} from "@mantine/core";
import { useRouter, useSearch } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { hasExpired, type Session, setSession } from "../api/session";
import {
  type Project,
  enterProject,
  projectsOf,
  signInByCredential,
  signInByPassword,
} from "../api/sign_in";
import { ErrorAlert } from "../parts/ErrorAlert";
import { Logo } from "./Logo";
import { ProjectChoice } from "./ProjectChoice";
import { Languages, Schemes } from "./UserMenu";
import { prefer, preferred } from "./preferences";
import classes from "./SignIn.module.css";

type Way = "password" | "credential";

export function SignIn() {
  const { t } = useTranslation();
  const router = useRouter();
  const { back } = useSearch({ from: "/sign-in" });
  const [way, setWay] = useState<Way>("password");
  const [error, setError] = useState<Error | null>(null);
  const [busy, setBusy] = useState(false);
  const [choice, setChoice] = useState<{ token: string; projects: Project[] } | null>(null);

  function enter(session: Session): void {
    setSession(session);
    void router.navigate({ to: back ?? "/" });
  }

  async function attempt(work: () => Promise<void>): Promise<void> {
    setBusy(true);
    setError(null);
    try {
      await work();
    } catch (problem) {
      setError(problem as Error);
    } finally {
      setBusy(false);
    }
  }

  async function withPassword(user: string, password: string, domain: string): Promise<void> {
    const unscoped = await signInByPassword({ user, password, domain });
    const projects = await projectsOf(unscoped.token);
    prefer("domain", domain);
    const [only] = projects;
    if (!only) throw new Error(t("signIn.noProject"));
    const last = projects.find((one) => one.id === preferred("project"));
    const taken = last ?? (projects.length === 1 ? only : undefined);
    if (taken) enter(await enterProject(unscoped.token, taken.id));
    else setChoice({ token: unscoped.token, projects });
  }

  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const field = (name: string) => String(form.get(name) ?? "");
    void attempt(async () => {
      if (way === "password")
        await withPassword(field("user"), field("password"), field("domain") || "Default");
      else enter(await signInByCredential({ id: field("id"), secret: field("secret") }));
    });
  }

  return (
    <main className={classes.page}>
      <Card className={classes.card} padding="xl" radius="lg" withBorder>
        <Stack>
          <Group gap="sm">
            <Logo size={40} />
            <div>
              <Title order={1} size="h2">
                Unkai
              </Title>
              <Text c="dimmed" size="sm">
                {t("signIn.about")}
              </Text>
            </div>
          </Group>
          {hasExpired() && <Text size="sm">{t("signIn.expired")}</Text>}
          {error && <ErrorAlert error={error} />}
          {choice ? (
            <ProjectChoice
              projects={choice.projects}
              choose={(id) =>
                void attempt(async () => {
                  prefer("project", id);
                  enter(await enterProject(choice.token, id));
                })
              }
              leave={() => setChoice(null)}
            />
          ) : (
            <form onSubmit={submit}>
              <Stack gap="sm">
                <SegmentedControl
                  value={way}
                  onChange={(value) => setWay(value as Way)}
                  data={[
                    { value: "password", label: t("signIn.password") },
                    { value: "credential", label: t("signIn.credential") },
                  ]}
                  aria-label={t("signIn.way")}
                />
                {way === "password" ? <PasswordFields /> : <CredentialFields />}
                {way === "password" && (
                  <Text size="xs" c="dimmed">
                    {t("signIn.first")}
                  </Text>
                )}
                <Button type="submit" loading={busy} fullWidth mt="xs">
                  {t("signIn.submit")}
                </Button>
              </Stack>
            </form>
          )}
        </Stack>
      </Card>
      <Menu position="top" width={220}>
        <Menu.Target>
          <Anchor component="button" type="button" size="sm">
            {t("signIn.settings")}
          </Anchor>
        </Menu.Target>
        <Menu.Dropdown>
          <Languages />
          <Schemes />
        </Menu.Dropdown>
      </Menu>
    </main>
  );
}

function PasswordFields() {
  const { t } = useTranslation();
  return (
    <>
      <TextInput
        name="user"
        label={t("signIn.user")}
        autoComplete="username"
        autoCapitalize="off"
        required
        data-autofocus
      />
      <PasswordInput
        name="password"
        label={t("signIn.password")}
        autoComplete="current-password"
        required
      />
      <TextInput
        name="domain"
        label={t("signIn.domain")}
        defaultValue={preferred("domain") ?? "Default"}
        required
      />
    </>
  );
}

function CredentialFields() {
  const { t } = useTranslation();
  return (
    <>
      <TextInput name="id" label={t("signIn.credentialId")} autoComplete="off" required />
      <PasswordInput name="secret" label={t("signIn.secret")} autoComplete="off" required />
    </>
  );
}

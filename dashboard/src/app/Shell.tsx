// The frame: header with project, search and user; navigation; the page.
import {
  ActionIcon,
  AppShell,
  Burger,
  Button,
  Group,
  Kbd,
  NavLink,
  Text,
  VisuallyHidden,
} from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useLocation, useNavigate } from "@tanstack/react-router";
import { Suspense, lazy, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { watchEvents } from "../api/live";
import { useHasNodes } from "./has_nodes";
import { hasExpired, isAdmin, useSession } from "../api/session";
import { LiveMark } from "./LiveMark";
import { Logo } from "./Logo";
import { ProjectSwitch } from "./ProjectSwitch";
import { RegionSwitch } from "./RegionSwitch";
import { UserMenu } from "./UserMenu";
import { type Section, placesFor } from "./navigation";
import classes from "./Shell.module.css";

const CommandPalette = lazy(() => import("./CommandPalette"));

export function Shell() {
  const { t } = useTranslation();
  const session = useSession();
  const [opened, menu] = useDisclosure(false);
  const [palette, setPalette] = useState(false);
  const path = useLocation({ select: (location) => location.pathname });
  const nodes = useHasNodes(session);
  useEndOfSession();
  useSearchKeys(() => setPalette(true));
  const { close } = menu;
  useEffect(() => close(), [path, close]);
  if (!session?.project) return null;

  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 224, breakpoint: "md", collapsed: { mobile: !opened } }}
      padding={{ base: "sm", sm: "lg" }}
    >
      <a href="#page" className={classes.skip}>
        {t("shell.skip")}
      </a>
      <AppShell.Header className={classes.header}>
        <Group h="100%" px={{ base: "xs", sm: "md" }} gap="xs" wrap="nowrap">
          <Burger
            opened={opened}
            onClick={menu.toggle}
            hiddenFrom="md"
            size="sm"
            aria-label={t("shell.navigation")}
            aria-expanded={opened}
          />
          <Link to="/" className={classes.brand} aria-label={t("shell.home")}>
            <Logo size={28} />
            <Text fw={700} size="lg" visibleFrom="xs" component="span">
              Unkai
            </Text>
          </Link>
          <ProjectSwitch session={session} />
          <RegionSwitch session={session} />
          <div className={classes.space} />
          <SearchButton open={() => setPalette(true)} />
          <LiveMark />
          <UserMenu session={session} />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar className={classes.navbar} p="xs" aria-label={t("shell.navigation")}>
        <Navigation sections={placesFor(isAdmin(session), nodes)} path={path} />
      </AppShell.Navbar>
      <AppShell.Main id="page" tabIndex={-1} className={classes.main}>
        <Suspense fallback={null}>
          <Outlet key={`${session.project.id} ${session.region}`} />
        </Suspense>
      </AppShell.Main>
      {palette && (
        <Suspense fallback={null}>
          <CommandPalette close={() => setPalette(false)} />
        </Suspense>
      )}
    </AppShell>
  );
}

function Navigation({ sections, path }: { sections: Section[]; path: string }) {
  const { t } = useTranslation();
  return sections.map((section, number) => (
    <div key={section.label ?? number} className={classes.section}>
      {section.label && (
        <Text size="xs" fw={600} c="dimmed" className={classes.heading}>
          {t(section.label)}
        </Text>
      )}
      {section.places.map((place) => {
        const here = place.to === "/" ? path === "/" : path.startsWith(String(place.to));
        return (
          <NavLink
            key={String(place.to)}
            component={Link}
            to={place.to as string}
            label={t(place.label)}
            leftSection={<place.icon size={18} stroke={1.7} aria-hidden />}
            active={here}
            aria-current={here ? "page" : undefined}
            className={classes.place}
          />
        );
      })}
    </div>
  ));
}

function SearchButton({ open }: { open: () => void }) {
  const { t } = useTranslation();
  return (
    <>
      <Button
        variant="default"
        size="xs"
        visibleFrom="sm"
        onClick={open}
        leftSection={<IconSearch size={14} aria-hidden />}
        rightSection={<Kbd size="xs">Ctrl K</Kbd>}
        className={classes.search}
        aria-keyshortcuts="Control+K"
      >
        {t("shell.search")}
      </Button>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        hiddenFrom="sm"
        onClick={open}
        aria-label={t("shell.search")}
      >
        <IconSearch size={18} />
        <VisuallyHidden>{t("shell.search")}</VisuallyHidden>
      </ActionIcon>
    </>
  );
}

/** Events come while somebody is signed in; without a session the way leads to the sign-in. */
function useEndOfSession(): void {
  const session = useSession();
  const client = useQueryClient();
  const navigate = useNavigate();
  const href = useLocation({ select: (location) => location.href });
  const token = session?.token;
  useEffect(() => (token ? watchEvents(client) : undefined), [token, client]);
  useEffect(() => {
    if (token || href.startsWith("/sign-in")) return;
    client.clear();
    void navigate({ to: "/sign-in", search: hasExpired() ? { back: href } : {} });
  }, [token, client, navigate, href]);
}

function useSearchKeys(open: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        open();
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  });
}

// One form for virtual and physical machines: the flavor decides which it is.
import {
  Checkbox,
  Collapse,
  Button,
  Grid,
  Group,
  MultiSelect,
  NumberInput,
  Select,
  Stack,
  Text,
  TextInput,
  Textarea,
} from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { compute, take } from "../api/clients";
import { keys } from "../api/keys";
import { useChange, useList } from "../api/queries";
import { useSession } from "../api/session";
import { imageList } from "../images/queries";
import { networkList, securityGroupList } from "../networks/queries";
import { Page } from "../parts/Page";
import { Panel } from "../parts/Panel";
import { FlavorChoice } from "./FlavorChoice";
import { LaunchSummary } from "./LaunchSummary";
import { RootChoice } from "./RootChoice";
import { ExtraDisks } from "./ExtraDisks";
import { type Launch, beginning, bodyOf, commandOf, onHost } from "./launch_model";
import { flavorList, keypairList } from "./queries";

export function LaunchPage() {
  const { t } = useTranslation("servers");
  const navigate = useNavigate();
  const chosen = useSearch({ from: "/shell/servers/launch" });
  const [launch, setLaunch] = useState<Launch>(() => beginning(chosen));
  const set = (change: Partial<Launch>) => setLaunch((before) => ({ ...before, ...change }));
  const choices = useChoices();
  const image = choices.images.find((one) => one.id === launch.imageId) ?? choices.images[0];
  const flavor = choices.flavors.find((one) => one.id === launch.flavorId);
  const wanted = { ...launch, imageId: image?.id ?? null };
  const names = {
    image: image?.name,
    flavor: flavor?.name,
    networks: choices.networks
      .filter((one) => launch.networkIds.includes(one.id))
      .map((one) => one.name),
  };
  const create = useChange(async () => {
    const asked = compute.POST("/servers", { body: bodyOf(wanted) as never });
    return (await take<{ server: { id: string } }>(asked)).server.id;
  }, [keys.servers, keys.limits, keys.volumes, keys.volumeLimits]);

  function submit(event: FormEvent): void {
    event.preventDefault();
    create.mutate(undefined, {
      onSuccess: (id) => {
        notifications.show({ message: t("asked", { verb: t("launch"), server: launch.name }) });
        void (launch.count === 1
          ? navigate({ to: "/servers/$serverId", params: { serverId: id } })
          : navigate({ to: "/servers" }));
      },
    });
  }

  return (
    <Page
      title={t("launch.title")}
      about={t("launch.about")}
      crumbs={[{ label: t("crumb"), to: "/servers" }]}
    >
      <form onSubmit={submit}>
        <Grid gap="md">
          <Grid.Col span={{ base: 12, lg: 8 }}>
            <Stack>
              <Panel title={t("launch.what")}>
                <Stack>
                  <Group grow preventGrowOverflow={false} align="flex-start">
                    <TextInput
                      label={t("launch.name")}
                      required
                      maxLength={255}
                      value={launch.name}
                      onChange={(event) => set({ name: event.currentTarget.value })}
                      flex="1 1 240px"
                    />
                    <NumberInput
                      label={t("launch.count")}
                      min={1}
                      max={100}
                      allowDecimal={false}
                      value={launch.count}
                      onChange={(value) => set({ count: Number(value) || 1 })}
                      maw={120}
                    />
                  </Group>
                  <RootChoice launch={launch} set={set} image={image} choices={choices} />
                </Stack>
              </Panel>
              <Panel title={t("launch.size")}>
                <FlavorChoice
                  flavors={choices.flavors}
                  image={onHost(launch, image)}
                  value={launch.flavorId}
                  choose={(flavorId) => set({ flavorId })}
                />
              </Panel>
              <Panel title={t("launch.volumes")}>
                <ExtraDisks extra={launch.extra} set={(extra) => set({ extra })} />
              </Panel>
              <Panel title={t("launch.network")}>
                <Stack>
                  <MultiSelect
                    label={t("launch.networks")}
                    placeholder={launch.networkIds.length === 0 ? t("launch.networkAuto") : ""}
                    value={launch.networkIds}
                    onChange={(networkIds) => set({ networkIds })}
                    data={choices.networks.map((one) => ({
                      value: one.id,
                      label: one.name || one.id,
                    }))}
                  />
                  <MultiSelect
                    label={t("launch.groups")}
                    placeholder={launch.groups.length === 0 ? "default" : ""}
                    value={launch.groups}
                    onChange={(groups) => set({ groups })}
                    data={choices.groups}
                  />
                  <Select
                    label={t("launch.key")}
                    placeholder={t("launch.keyNone")}
                    clearable
                    value={launch.keyName}
                    onChange={(keyName) => set({ keyName })}
                    data={choices.keypairs}
                  />
                </Stack>
              </Panel>
              <More launch={launch} set={set} />
            </Stack>
          </Grid.Col>
          <Grid.Col span={{ base: 12, lg: 4 }}>
            <LaunchSummary
              launch={wanted}
              flavor={flavor}
              command={commandOf(wanted, names)}
              error={create.error}
              busy={create.isPending}
            />
          </Grid.Col>
        </Grid>
      </form>
    </Page>
  );
}

function More({ launch, set }: { launch: Launch; set: (change: Partial<Launch>) => void }) {
  const { t } = useTranslation("servers");
  const [opened, { toggle }] = useDisclosure(false);
  return (
    <Panel>
      <Button variant="subtle" size="compact-sm" onClick={toggle} aria-expanded={opened}>
        {t("launch.more")}
      </Button>
      <Collapse expanded={opened}>
        <Stack mt="sm">
          <TextInput
            label={t("launch.description")}
            maxLength={255}
            value={launch.description}
            onChange={(event) => set({ description: event.currentTarget.value })}
          />
          <Textarea
            label={t("launch.userData")}
            description={t("launch.userDataHint")}
            autosize
            minRows={3}
            maxRows={16}
            value={launch.userData}
            onChange={(event) => set({ userData: event.currentTarget.value })}
            styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
          />
          <Textarea
            label={t("launch.metadata")}
            description={t("launch.metadataHint")}
            autosize
            minRows={2}
            value={launch.metadata}
            onChange={(event) => set({ metadata: event.currentTarget.value })}
            styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
          />
          <Checkbox
            label={<Text size="sm">{t("launch.configDrive")}</Text>}
            checked={launch.configDrive}
            onChange={(event) => set({ configDrive: event.currentTarget.checked })}
          />
        </Stack>
      </Collapse>
    </Panel>
  );
}

function useChoices() {
  const slow = { every: 60_000 };
  const projectId = useSession()?.project?.id;
  const images = useList(imageList(), slow);
  const flavors = useList(flavorList(), slow);
  const networks = useList(networkList(), slow);
  const groups = useList(securityGroupList(projectId), slow);
  const keypairs = useList(keypairList(), slow);
  return {
    loaded: images.data !== undefined,
    images: (images.data ?? []).filter((one) => one.status === "active" && !one.os_hidden),
    flavors: (flavors.data ?? []).filter((one) => !one["OS-FLV-DISABLED:disabled"]),
    networks: (networks.data ?? []).filter((one) => !one["router:external"] || one.shared),
    groups: [...new Set(groups.data?.map((one) => one.name))],
    keypairs: keypairs.data?.map((one) => one.name) ?? [],
  };
}

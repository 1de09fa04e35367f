// How everything hangs together, as a picture or as a table.
import { Button, Group, SegmentedControl, Skeleton } from "@mantine/core";
import { IconAffiliate, IconPlus } from "@tabler/icons-react";
import { Suspense, lazy, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { isBeginning, useList } from "../api/queries";
import { useSession } from "../api/session";
import { Empty } from "../parts/Empty";
import { ErrorAlert } from "../parts/ErrorAlert";
import { openForm } from "../parts/form";
import { ButtonLink } from "../parts/links";
import { Page } from "../parts/Page";
import { serverList } from "../servers/queries";
import { NetworkForm } from "./NetworkForm";
import { TopologyTable } from "./TopologyTable";
import { useAll } from "./hooks";
import { FLOATING_IP, NETWORK, PORT, ROUTER, SUBNET } from "./things";
import { type Topology, topologyOf } from "./topology_model";

const load = () => import("./TopologyPicture");
const Picture = lazy(load);
// Beside what it shows, not after it.
load().catch(() => undefined);

function useTopology(): { found: Topology | null; error: Error | null; again: () => void } {
  const project = useSession()?.project?.id ?? "";
  const networks = useAll(NETWORK);
  const subnets = useAll(SUBNET);
  const routers = useAll(ROUTER);
  const ports = useAll(PORT);
  const floatingIps = useAll(FLOATING_IP);
  const servers = useList(serverList());
  const asked = [networks, subnets, routers, ports, floatingIps, servers];
  const isComing = asked.some((one) => isBeginning(one.data));
  const found = useMemo(() => {
    if (isComing) return null;
    if (!networks.data || !subnets.data || !routers.data || !ports.data) return null;
    if (!floatingIps.data || !servers.data) return null;
    const seen = (one: { project_id: string }) => one.project_id === project;
    const own = new Set([...servers.data, ...routers.data.filter(seen)].map((one) => one.id));
    const used = new Set(
      ports.data.filter((one) => own.has(one.device_id)).map((one) => one.network_id),
    );
    return topologyOf({
      networks: networks.data.filter(
        (one) => seen(one) || one.shared || one["router:external"] || used.has(one.id),
      ),
      subnets: subnets.data,
      routers: routers.data.filter(seen),
      ports: ports.data,
      servers: servers.data,
      floatingIps: floatingIps.data,
    });
  }, [
    isComing,
    networks.data,
    subnets.data,
    routers.data,
    ports.data,
    floatingIps.data,
    servers.data,
    project,
  ]);
  return {
    found,
    error: asked.find((one) => one.error)?.error ?? null,
    again: () => asked.forEach((one) => void one.refetch()),
  };
}

export function TopologyPage() {
  const { t } = useTranslation("networks");
  const { found, error, again } = useTopology();
  const [view, setView] = useState("picture");
  const create = (
    <Button
      variant="default"
      leftSection={<IconPlus size={16} aria-hidden />}
      onClick={() => openForm(t("network.create"), (close) => <NetworkForm close={close} />, true)}
    >
      {t("network.create")}
    </Button>
  );
  const actions = (
    <Group gap="xs">
      <SegmentedControl
        aria-label={t("topology.view")}
        data={[
          { value: "picture", label: t("topology.picture") },
          { value: "table", label: t("topology.table") },
        ]}
        value={view}
        onChange={setView}
      />
      {create}
      <ButtonLink to="/servers/launch" leftSection={<IconPlus size={16} aria-hidden />}>
        {t("launch")}
      </ButtonLink>
    </Group>
  );
  return (
    <Page title={t("topology")} about={t("topology.about")} actions={actions}>
      {error && <ErrorAlert error={error} again={again} />}
      {!found ? (
        !error && <Skeleton height={420} />
      ) : found.points.length === 0 ? (
        <Empty
          icon={IconAffiliate}
          title={t("networks.empty")}
          text={t("networks.emptyText")}
          action={create}
        />
      ) : view === "table" ? (
        <TopologyTable topology={found} />
      ) : (
        <Suspense fallback={<Skeleton height={420} />}>
          <Picture topology={found} />
        </Suspense>
      )}
    </Page>
  );
}

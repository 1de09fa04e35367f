// The services of the cloud; a host whose service is disabled is given nothing new.
import { TextInput } from "@mantine/core";
import { IconPlayerPlay, IconPlayerStop, IconServer2 } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { compute, done, volume } from "../api/clients";
import { keys } from "../api/keys";
import { useChange, useList } from "../api/queries";
import { Empty } from "../parts/Empty";
import { stateColumn, textColumn, timeColumn } from "../parts/columns";
import { ThingTable } from "../parts/ThingTable";
import { FormFrame, openForm } from "../parts/form";
import { Page } from "../parts/Page";
import { type Column } from "../parts/ResourceTable";
import { type Deed } from "../parts/RowMenu";
import { openstack } from "../parts/shell_words";
import { volumeServices } from "../volumes/queries";
import type { ComputeService } from "./models";
import { serviceList } from "./queries";

const OF_HOSTS = "nova-compute";
const OF_STORAGE = "cinder-volume";
const ABLE = [OF_HOSTS, OF_STORAGE];

export function ServicesPage() {
  const { t } = useTranslation("admin");
  const services = useServices();
  const able = (one: ComputeService): Deed => {
    const on = one.status === "enabled";
    const title = t(on ? "services.disableOf" : "services.enableOf", { name: one.host });
    return {
      label: t(on ? "disable" : "enable"),
      icon: on ? IconPlayerStop : IconPlayerPlay,
      start: () => openForm(title, (close) => <AbleForm service={one} close={close} />),
    };
  };
  return (
    <Page title={t("services")} about={t("services.about")}>
      <ThingTable
        label={t("services")}
        found={services}
        columns={useColumns()}
        name={(one) => `${one.binary} ${one.host}`}
        state={(one) => one.state}
        sortBy="host"
        deeds={(one) => (ABLE.includes(one.binary) ? [able(one)] : [])}
        empty={<Empty icon={IconServer2} title={t("services.empty")} />}
      />
    </Page>
  );
}

/** Those of compute, and those of volumes, which have no ids but their binary and host. */
function useServices() {
  const hosts = useList(serviceList());
  const storage = useList(volumeServices());
  const named = storage.data?.map((one) => ({ ...one, id: `${one.binary}@${one.host}` }));
  return {
    data: hosts.data && [...hosts.data, ...(named ?? [])],
    error: hosts.error ?? storage.error,
    refetch: () => Promise.all([hosts.refetch(), storage.refetch()]),
  };
}

function switchStorage(service: ComputeService, reason: string): Promise<void> {
  const { host, binary } = service;
  const body = { host, binary, ...(reason && { disabled_reason: reason }) } as never;
  if (service.status !== "enabled") return done(volume.PUT("/os-services/enable", { body }));
  if (!reason) return done(volume.PUT("/os-services/disable", { body }));
  return done(volume.PUT("/os-services/disable-log-reason", { body }));
}

function AbleForm({ service, close }: { service: ComputeService; close: () => void }) {
  const { t } = useTranslation("admin");
  const [reason, setReason] = useState("");
  const off = service.status === "enabled";
  const said = reason.trim();
  const ofStorage = service.binary === OF_STORAGE;
  const change = useChange(() => {
    if (ofStorage) return switchStorage(service, said);
    const params = { path: { service_id: service.id } };
    const body = (
      off ? { status: "disabled", disabled_reason: said || undefined } : { status: "enabled" }
    ) as never;
    return done(compute.PUT("/os-services/{service_id}", { params, body }));
  }, [keys.hypervisors, keys.volumeServices]);
  const why = off && said ? ["--disable-reason", said] : [];
  const words = [off ? "--disable" : "--enable", ...why, service.host, service.binary];
  return (
    <FormFrame
      submit={() => change.mutateAsync()}
      close={close}
      verb={t(off ? "disable" : "enable")}
      danger={off}
      cli={openstack(ofStorage ? "volume" : "compute", "service", "set", ...words)}
    >
      <div>{t(`services.${off ? "disable" : "enable"}${ofStorage ? "Storage" : "Text"}`)}</div>
      {off && (
        <TextInput
          label={t("reason")}
          value={reason}
          maxLength={255}
          onChange={(event) => setReason(event.currentTarget.value)}
          data-autofocus
        />
      )}
    </FormFrame>
  );
}

function useColumns(): Column<ComputeService>[] {
  const { t } = useTranslation("admin");
  return [
    textColumn({ key: "binary", header: t("service"), width: "19%", text: (one) => one.binary }),
    textColumn({ key: "host", header: t("host"), width: "18%", text: (one) => one.host }),
    stateColumn({ key: "state", header: t("state"), width: "16%", state: (one) => one.state }),
    stateColumn({
      key: "status",
      header: t("status"),
      width: "18%",
      from: 640,
      state: (one) => one.status,
    }),
    textColumn({
      key: "reason",
      header: t("reason"),
      from: 1000,
      text: (one) => one.disabled_reason,
    }),
    timeColumn({
      key: "updated",
      header: t("seen"),
      width: "15%",
      from: 760,
      at: (one) => one.updated_at,
    }),
  ];
}

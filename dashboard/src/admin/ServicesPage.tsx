// The services of the cloud; a host whose service is disabled is given no new servers.
import { TextInput } from "@mantine/core";
import { IconPlayerPlay, IconPlayerStop, IconServer2 } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { compute, done } from "../api/clients";
import { keys } from "../api/keys";
import { useChange, useList } from "../api/queries";
import { Empty } from "../parts/Empty";
import { FormFrame, openForm } from "../parts/form";
import { Page } from "../parts/Page";
import { type Column, ResourceTable } from "../parts/ResourceTable";
import { RowMenu } from "../parts/RowMenu";
import { openstack } from "../parts/shell_words";
import { StateBadge } from "../parts/StateBadge";
import { When } from "../parts/When";
import { parseTime } from "../parts/times";
import type { ComputeService } from "./models";
import { serviceList } from "./queries";
import { Words } from "./words";

const OF_HOSTS = "nova-compute";

export function ServicesPage() {
  const { t } = useTranslation("admin");
  const services = useList(serviceList());
  const ask = (service: ComputeService) =>
    openForm(
      t(service.status === "enabled" ? "services.disableOf" : "services.enableOf", {
        name: service.host,
      }),
      (close) => <AbleForm service={service} close={close} />,
    );
  return (
    <Page title={t("services")} about={t("services.about")}>
      <ResourceTable
        label={t("services")}
        rows={services.data}
        error={services.error}
        again={() => void services.refetch()}
        columns={useColumns()}
        id={(one) => one.id}
        name={(one) => `${one.binary} ${one.host}`}
        state={(one) => one.state}
        sort={{ key: "host", down: false }}
        actions={(one) =>
          one.binary === OF_HOSTS && (
            <RowMenu
              label={t("actionsOf", { name: `${one.binary} ${one.host}` })}
              deeds={[
                {
                  label: t(one.status === "enabled" ? "disable" : "enable"),
                  icon: one.status === "enabled" ? IconPlayerStop : IconPlayerPlay,
                  start: () => ask(one),
                },
              ]}
            />
          )
        }
        empty={<Empty icon={IconServer2} title={t("services.empty")} />}
      />
    </Page>
  );
}

function AbleForm({ service, close }: { service: ComputeService; close: () => void }) {
  const { t } = useTranslation("admin");
  const [reason, setReason] = useState("");
  const off = service.status === "enabled";
  const said = reason.trim();
  const change = useChange(() => {
    const params = { path: { service_id: service.id } };
    const body = (
      off ? { status: "disabled", disabled_reason: said || undefined } : { status: "enabled" }
    ) as never;
    return done(compute.PUT("/os-services/{service_id}", { params, body }));
  }, [keys.hypervisors]);
  const why = off && said ? ["--disable-reason", said] : [];
  const words = [off ? "--disable" : "--enable", ...why, service.host, service.binary];
  return (
    <FormFrame
      submit={() => change.mutateAsync()}
      close={close}
      verb={t(off ? "disable" : "enable")}
      danger={off}
      cli={openstack("compute", "service", "set", ...words)}
    >
      <div>{t(off ? "services.disableText" : "services.enableText")}</div>
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
    {
      key: "binary",
      header: t("service"),
      width: "19%",
      value: (one) => one.binary,
      cell: (one) => <Words text={one.binary} />,
    },
    {
      key: "host",
      header: t("host"),
      width: "18%",
      value: (one) => one.host,
      cell: (one) => <Words text={one.host} />,
    },
    {
      key: "state",
      header: t("state"),
      width: "16%",
      value: (one) => one.state,
      cell: (one) => <StateBadge state={one.state} />,
    },
    {
      key: "status",
      header: t("status"),
      width: "18%",
      from: 640,
      value: (one) => one.status,
      cell: (one) => <StateBadge state={one.status} />,
    },
    {
      key: "reason",
      header: t("reason"),
      from: 1000,
      value: (one) => one.disabled_reason,
      cell: (one) => <Words text={one.disabled_reason} />,
    },
    {
      key: "updated",
      header: t("seen"),
      width: "15%",
      from: 760,
      value: (one) => one.updated_at && parseTime(one.updated_at),
      cell: (one) => <When at={one.updated_at} />,
    },
  ];
}

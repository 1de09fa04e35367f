// One aggregate: its hosts, and what is said of them all.
import { SimpleGrid, Stack, Title } from "@mantine/core";
import { IconServer2 } from "@tabler/icons-react";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { keys } from "../api/keys";
import { DeleteButton, EditButton, NewButton } from "../parts/buttons";
import { textColumn } from "../parts/columns";
import { Empty } from "../parts/Empty";
import { Facts } from "../parts/Facts";
import { PairsPanel } from "../parts/Pairs";
import { Panel } from "../parts/Panel";
import { useRemoval } from "../parts/removal";
import { openstack } from "../parts/shell_words";
import { ThingPage } from "../parts/ThingPage";
import { ThingTable } from "../parts/ThingTable";
import { When } from "../parts/When";
import { AggregateForm, HostsForm, MetadataForm } from "./AggregateForm";
import { aggregateOne, ownMetadata, removeAggregate, removeHost } from "./aggregates";
import type { Aggregate } from "./models";

export function useAggregateRemoval() {
  const { t } = useTranslation("admin");
  return useRemoval<Aggregate>({
    name: (one) => one.name,
    cli: (one) => openstack("aggregate", "delete", one.id),
    remove: (one) => removeAggregate(one.id),
    about: t("aggregates.deleteText"),
    stale: [keys.aggregates],
  });
}

export function AggregatePage() {
  const { t } = useTranslation("admin");
  const { aggregateId } = useParams({ from: "/shell/admin/aggregates/$aggregateId" });
  return (
    <ThingPage
      spec={aggregateOne(aggregateId)}
      title={t("aggregate")}
      crumb={{ label: t("aggregates"), to: "/admin/aggregates" }}
      name={(one) => one.name}
      actions={(one) => <Actions aggregate={one} />}
    >
      {(one) => (
        <Stack>
          <SimpleGrid cols={{ base: 1, md: 2 }}>
            <Panel title={t("facts")}>
              <Facts
                facts={[
                  [t("zone"), one.availability_zone],
                  [t("id"), one.id],
                  [t("created"), <When key="at" at={one.created_at} />],
                  [t("updated"), <When key="at" at={one.updated_at} />],
                ]}
              />
            </Panel>
            <Metadata aggregate={one} />
          </SimpleGrid>
          <Title order={2} size="h4">
            {t("hosts")}
          </Title>
          <Hosts aggregate={one} />
        </Stack>
      )}
    </ThingPage>
  );
}

function Actions({ aggregate }: { aggregate: Aggregate }) {
  const navigate = useNavigate();
  const remove = useAggregateRemoval();
  return (
    <>
      <EditButton
        name={aggregate.name}
        form={(close) => <AggregateForm aggregate={aggregate} close={close} />}
      />
      <DeleteButton
        disabled={aggregate.hosts.length > 0}
        start={() => remove([aggregate], () => void navigate({ to: "/admin/aggregates" }))}
      />
    </>
  );
}

function Metadata({ aggregate }: { aggregate: Aggregate }) {
  const { t } = useTranslation("admin");
  return (
    <PairsPanel
      title={t("metadata")}
      pairs={ownMetadata(aggregate)}
      none={t("metadata.none")}
      formTitle={t("metadata.of", { name: aggregate.name })}
      form={(close) => <MetadataForm aggregate={aggregate} close={close} />}
    />
  );
}

function Hosts({ aggregate }: { aggregate: Aggregate }) {
  const { t } = useTranslation("admin");
  const remove = useRemoval<{ host: string }>({
    name: (one) => one.host,
    cli: (one) => openstack("aggregate", "remove", "host", aggregate.id, one.host),
    remove: (one) => removeHost(aggregate.id, one.host),
    about: t("aggregates.removeText"),
    stale: [keys.aggregates],
    words: {
      verb: t("aggregates.remove"),
      ask: (what) => t("aggregates.removeOf", { what, name: aggregate.name }),
      done: (what) => t("aggregates.removed", { what, name: aggregate.name }),
    },
  });
  const add = (
    <NewButton
      label={t("aggregates.add")}
      small
      form={(close) => <HostsForm aggregate={aggregate} close={close} />}
    />
  );
  const hosts = aggregate.hosts.map((host) => ({ host }));
  return (
    <ThingTable
      label={t("hosts")}
      found={{ data: hosts, error: null, refetch: () => undefined }}
      columns={[
        textColumn<{ host: string }>({
          key: "host",
          header: t("host"),
          text: (one) => one.host,
          strong: true,
        }),
      ]}
      id={(one) => one.host}
      name={(one) => one.host}
      remove={remove}
      removeWord={t("aggregates.remove")}
      tools={add}
      empty={
        <Empty
          icon={IconServer2}
          title={t("aggregates.noHost")}
          text={t("aggregates.noHostText")}
          action={add}
        />
      }
    />
  );
}

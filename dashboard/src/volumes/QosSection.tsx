// QoS specs: how fast volumes of a type may be, and who sees to it.
import { Select } from "@mantine/core";
import { IconGauge, IconListDetails, IconUsers } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { done, volume as api } from "../api/clients";
import { useChange, useList } from "../api/queries";
import { NewButton } from "../parts/buttons";
import { textColumn } from "../parts/columns";
import { Empty } from "../parts/Empty";
import { FormFrame, openForm } from "../parts/form";
import { NameField } from "../parts/NameFields";
import { PairsForm, propertyWords } from "../parts/Pairs";
import { useRemoval } from "../parts/removal";
import { openstack } from "../parts/shell_words";
import { SpecLines } from "../parts/SpecLines";
import { fromLines, toLines } from "../parts/spec_lines";
import { ThingTable } from "../parts/ThingTable";
import type { QosSpecs } from "./models";
import { qosList } from "./queries";
import { VOLUME_TYPE } from "./things";

const CONSUMERS = ["front-end", "back-end", "both"] as const;
const QOS = ["volume", "qos"];

/** Any names are allowed, which the generated type does not know. */
const saying = (specs: Record<string, string>) => ({ qos_specs: specs }) as never;

export function QosSection() {
  const { t } = useTranslation("volumes");
  const remove = useRemoval<QosSpecs>({
    name: (one) => one.name,
    cli: (one) => openstack(...QOS, "delete", one.id),
    remove: (one) =>
      done(api.DELETE("/qos-specs/{qos_id}", { params: { path: { qos_id: one.id } } })),
    about: t("removeAbout.qos"),
    stale: VOLUME_TYPE.stale,
  });
  const create = (
    <NewButton label={t("qos.create")} form={(close) => <QosCreate close={close} />} small />
  );
  return (
    <ThingTable
      label={t("qos")}
      found={useList(qosList())}
      columns={[
        textColumn<QosSpecs>({
          key: "name",
          header: t("name"),
          text: (one) => one.name,
          strong: true,
        }),
        textColumn<QosSpecs>({
          key: "consumer",
          header: t("qos.consumer"),
          width: "20%",
          from: 560,
          text: (one) => t(`qos.${one.consumer as "both"}`),
        }),
        textColumn<QosSpecs>({
          key: "specs",
          header: t("qos.specs"),
          width: "40%",
          from: 760,
          text: (one) => toLines(one.specs).replaceAll("\n", ", "),
          mono: true,
        }),
      ]}
      name={(one) => one.name}
      deeds={(one) => [
        {
          label: t("qos.specs"),
          icon: IconListDetails,
          start: () =>
            openForm(t("qos.of", { name: one.name }), (close) => (
              <QosPairs qos={one} close={close} />
            )),
        },
        {
          label: t("qos.consumer"),
          icon: IconUsers,
          start: () =>
            openForm(t("qos.consumerOf", { name: one.name }), (close) => (
              <QosConsumer qos={one} close={close} />
            )),
        },
      ]}
      remove={remove}
      tools={create}
      empty={<Empty icon={IconGauge} title={t("qos.none")} text={t("qos.about")} action={create} />}
    />
  );
}

interface ChoiceProps {
  value: string;
  set: (value: string) => void;
}

function Consumer({ value, set }: ChoiceProps) {
  const { t } = useTranslation("volumes");
  return (
    <Select
      label={t("qos.consumer")}
      description={t("qos.consumerAbout")}
      allowDeselect={false}
      data={CONSUMERS.map((one) => ({ value: one, label: t(`qos.${one}`) }))}
      value={value}
      onChange={(chosen) => set(chosen ?? value)}
    />
  );
}

function QosCreate({ close }: { close: () => void }) {
  const { t } = useTranslation("volumes");
  const [name, setName] = useState("");
  const [consumer, setConsumer] = useState<string>("front-end");
  const [text, setText] = useState("");
  const { specs, wrong } = fromLines(text);
  const change = useChange(() => {
    return done(
      api.POST("/qos-specs", { body: saying({ ...specs, name: name.trim(), consumer }) }),
    );
  }, VOLUME_TYPE.stale);
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("create")}
      disabled={!name.trim() || wrong !== undefined}
      cli={openstack(
        ...[...QOS, "create", "--consumer", consumer],
        ...[...propertyWords(specs), name.trim() || "NAME"],
      )}
    >
      <NameField value={name} set={setName} required />
      <Consumer value={consumer} set={setConsumer} />
      <SpecLines label={t("qos.specs")} text={text} setText={setText} wrong={wrong} />
    </FormFrame>
  );
}

interface Props {
  qos: QosSpecs;
  close: () => void;
}

const at = (qos: QosSpecs) => ({ params: { path: { qos_id: qos.id } } });

function QosPairs({ qos, close }: Props) {
  const { t } = useTranslation("volumes");
  return (
    <PairsForm
      label={t("qos.specs")}
      before={qos.specs}
      words={QOS}
      id={qos.id}
      save={async ({ set, gone }) => {
        if (Object.keys(set).length > 0)
          await done(api.PUT("/qos-specs/{qos_id}", { ...at(qos), body: saying(set) }));
        if (gone.length > 0)
          await done(
            api.PUT("/qos-specs/{qos_id}/delete_keys", { ...at(qos), body: { keys: gone } }),
          );
      }}
      stale={VOLUME_TYPE.stale}
      close={close}
    />
  );
}

function QosConsumer({ qos, close }: Props) {
  const { t } = useTranslation("volumes");
  const [consumer, setConsumer] = useState(qos.consumer);
  const change = useChange(
    () => done(api.PUT("/qos-specs/{qos_id}", { ...at(qos), body: saying({ consumer }) })),
    VOLUME_TYPE.stale,
  );
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("save")}
      done={t("saved")}
      disabled={consumer === qos.consumer}
      cli={openstack(...QOS, "set", "--property", `consumer=${consumer}`, qos.id)}
    >
      <Consumer value={consumer} set={setConsumer} />
    </FormFrame>
  );
}

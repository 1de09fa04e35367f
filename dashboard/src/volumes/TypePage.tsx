// One volume type: what it asks for, who may use it, how its volumes are kept.
import { ActionIcon, Button, SimpleGrid, Stack, Table, Text } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { done, volume as api } from "../api/clients";
import { useList, useOne } from "../api/queries";
import { PROJECT, listOf as identityList } from "../identity/things";
import { DeleteButton, EditButton, NewButton } from "../parts/buttons";
import { Copied } from "../parts/Copied";
import { ErrorAlert } from "../parts/ErrorAlert";
import { Facts } from "../parts/Facts";
import { openForm } from "../parts/form";
import { PairsPanel } from "../parts/Pairs";
import { Panel } from "../parts/Panel";
import { useRemoval } from "../parts/removal";
import { openstack } from "../parts/shell_words";
import { ThingPage } from "../parts/ThingPage";
import { AccessForm, EncryptionForm, QosForm, SpecsForm, TypeForm } from "./TypeForms";
import { useTypeRemoval } from "./TypesPage";
import type { VolumeType } from "./models";
import { defaultType, encryptionOf, qosList, typeAccess } from "./queries";
import { VOLUME_TYPE, act, oneOf } from "./things";

interface Props {
  type: VolumeType;
}

export function TypePage() {
  const { t } = useTranslation("volumes");
  const { typeId } = useParams({ from: "/shell/volume-types/$typeId" });
  return (
    <ThingPage
      spec={oneOf(VOLUME_TYPE, typeId)}
      title={t("type")}
      crumb={{ label: t("types"), to: "/volume-types" }}
      name={(one) => one.name}
      about={(one) => one.description}
      actions={(one) => <Actions type={one} />}
    >
      {(one) => (
        <SimpleGrid cols={{ base: 1, md: 2 }} style={{ alignItems: "start" }}>
          <Stack>
            <About type={one} />
            <Encrypted type={one} />
          </Stack>
          <Stack>
            <Specs type={one} />
            {!one.is_public && <Access type={one} />}
          </Stack>
        </SimpleGrid>
      )}
    </ThingPage>
  );
}

function Actions({ type }: Props) {
  const navigate = useNavigate();
  const remove = useTypeRemoval();
  const usual = useOne(defaultType()).data?.id;
  return (
    <>
      <EditButton name={type.name} form={(close) => <TypeForm type={type} close={close} />} />
      <DeleteButton
        disabled={type.id === usual}
        start={() => remove([type], () => void navigate({ to: "/volume-types" }))}
      />
    </>
  );
}

function About({ type }: Props) {
  const { t } = useTranslation("volumes");
  const usual = useOne(defaultType()).data?.id;
  const qos = useList(qosList()).data?.find((one) => one.id === type.qos_specs_id);
  return (
    <Panel
      title={t("facts")}
      actions={
        <Button
          size="xs"
          variant="default"
          onClick={() =>
            openForm(t("qos.of", { name: type.name }), (close) => (
              <QosForm type={type} close={close} />
            ))
          }
        >
          {t("qos.change")}
        </Button>
      }
    >
      <Facts
        facts={[
          [t("id"), <Copied key="id" text={type.id} />],
          [t("access"), t(type.is_public ? "access.public" : "access.private")],
          [t("type.default"), t(type.id === usual ? "yes" : "no")],
          [t("qos"), qos?.name ?? type.qos_specs_id],
          ...Object.entries(qos?.specs ?? {}).map(([key, value]): [string, string] => [key, value]),
        ]}
      />
    </Panel>
  );
}

function Specs({ type }: Props) {
  const { t } = useTranslation("volumes");
  return (
    <PairsPanel
      title={t("specs")}
      pairs={type.extra_specs}
      none={t("specs.none")}
      formTitle={t("specs.of", { name: type.name })}
      form={(close) => <SpecsForm type={type} close={close} />}
    />
  );
}

function Encrypted({ type }: Props) {
  const { t } = useTranslation("volumes");
  const { data, error } = useOne(encryptionOf(type.id));
  const remove = useRemoval<VolumeType>({
    name: () => t("encryption"),
    cli: (one) => openstack("volume", "type", "unset", "--encryption-type", one.id),
    remove: (one) => {
      const path = { volume_type_id: one.id, encryption_id: data?.encryption_id ?? "" };
      const url = "/types/{volume_type_id}/encryption/{encryption_id}";
      return done(api.DELETE(url, { params: { path } }));
    },
    about: t("encryption.removeAbout"),
    stale: VOLUME_TYPE.stale,
  });
  const has = data?.encryption_id !== undefined;
  return (
    <Panel
      title={t("encryption")}
      actions={
        has ? (
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={t("encryption.remove")}
            onClick={() => remove([type])}
          >
            <IconTrash size={16} />
          </ActionIcon>
        ) : (
          data && (
            <NewButton
              label={t("encryption.set")}
              form={(close) => <EncryptionForm type={type} close={close} />}
              small
            />
          )
        )
      }
    >
      {error && <ErrorAlert error={error} />}
      {has ? (
        <Facts
          facts={[
            [t("encryption.provider"), data.provider],
            [t("encryption.cipher"), data.cipher],
            [t("encryption.bits"), data.key_size],
            [t("encryption.place"), data.control_location],
          ]}
        />
      ) : (
        <Text size="sm" c="dimmed">
          {t("encryption.none")}
        </Text>
      )}
    </Panel>
  );
}

function Access({ type }: Props) {
  const { t } = useTranslation("volumes");
  const found = useList(typeAccess(type.id));
  const projects = useList(identityList(PROJECT)).data ?? [];
  const names = new Map(projects.map((one) => [one.id, one.name]));
  const has = (found.data ?? []).map((one) => one.project_id);
  const name = (id: string) => names.get(id) ?? id;
  const remove = useRemoval<string>({
    name,
    cli: (id) => openstack("volume", "type", "unset", "--project", id, type.id),
    remove: (project) => act(VOLUME_TYPE, type.id, "removeProjectAccess", { project }),
    about: t("access.removeAbout"),
    stale: VOLUME_TYPE.stale,
  });
  return (
    <Panel
      title={t("access")}
      flush
      actions={
        <NewButton
          label={t("access.add")}
          title={t("access.of", { name: type.name })}
          form={(close) => <AccessForm type={type} has={has} close={close} />}
          small
        />
      }
    >
      {found.error && <ErrorAlert error={found.error} />}
      {has.length === 0 ? (
        <Text size="sm" c="dimmed" p="md">
          {t("access.none")}
        </Text>
      ) : (
        <Table aria-label={t("access")} horizontalSpacing="md" fz="sm">
          <Table.Tbody>
            {has.map((id) => (
              <Table.Tr key={id}>
                <Table.Td style={{ overflowWrap: "anywhere" }}>{name(id)}</Table.Td>
                <Table.Td align="right" w={60}>
                  <ActionIcon
                    variant="subtle"
                    color="gray"
                    aria-label={t("access.remove", { name: name(id) })}
                    onClick={() => remove([id])}
                  >
                    <IconTrash size={16} />
                  </ActionIcon>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Panel>
  );
}

// The user's SSH keys, which new servers let in.
import { Button, Group } from "@mantine/core";
import { IconDownload, IconKey, IconPlus, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { keys } from "../api/keys";
import type { Keypair } from "../api/models";
import { useList } from "../api/queries";
import { Copied } from "../parts/Copied";
import { Empty } from "../parts/Empty";
import { openForm } from "../parts/form";
import { Page } from "../parts/Page";
import { RemoveButton, useRemoval } from "../parts/removal";
import { type Column, ResourceTable } from "../parts/ResourceTable";
import { RowMenu } from "../parts/RowMenu";
import { openstack } from "../parts/shell_words";
import { CreateForm, ImportForm } from "./forms";
import { keypairPages, removeKeypair } from "./queries";

export function KeypairsPage() {
  const { t } = useTranslation(["keypairs", "parts"]);
  const found = useList(keypairPages());
  const remove = useRemoval<Keypair>({
    name: (one) => one.name,
    cli: (one) => openstack("keypair", "delete", one.name),
    remove: (one) => removeKeypair(one.name),
    about: t("removeAbout"),
    stale: [keys.keypairs],
  });
  const buttons = (
    <Group gap="xs">
      <Button
        variant="default"
        leftSection={<IconDownload size={16} aria-hidden />}
        onClick={() => openForm(t("import"), (close) => <ImportForm close={close} />, true)}
      >
        {t("import")}
      </Button>
      <Button
        leftSection={<IconPlus size={16} aria-hidden />}
        onClick={() => openForm(t("create"), (close) => <CreateForm close={close} />)}
      >
        {t("create")}
      </Button>
    </Group>
  );
  const columns: Column<Keypair>[] = [
    { key: "name", header: t("name"), value: (one) => one.name, cell: (one) => one.name },
    {
      key: "type",
      header: t("type"),
      width: "90px",
      from: 700,
      value: (one) => one.type,
      cell: (one) => one.type,
    },
    {
      key: "fingerprint",
      header: t("fingerprint"),
      width: "58%",
      value: (one) => one.fingerprint,
      cell: (one) => <Copied text={one.fingerprint} />,
    },
  ];
  return (
    <Page title={t("title")} about={t("about")} actions={buttons}>
      <ResourceTable
        label={t("title")}
        rows={found.data}
        error={found.error}
        again={() => void found.refetch()}
        columns={columns}
        id={(one) => one.name}
        name={(one) => one.name}
        searchMore={(one) => one.public_key}
        sort={{ key: "name", down: false }}
        bulk={(chosen, clear) => (
          <RemoveButton count={chosen.length} start={() => remove(chosen, clear)} />
        )}
        actions={(one) => (
          <RowMenu
            label={t("parts:actionsOf", { name: one.name })}
            deeds={[
              {
                label: t("parts:remove.verb"),
                icon: IconTrash,
                danger: true,
                start: () => remove([one]),
              },
            ]}
          />
        )}
        empty={<Empty icon={IconKey} title={t("empty")} text={t("emptyText")} action={buttons} />}
      />
    </Page>
  );
}

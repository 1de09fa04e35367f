// The user's SSH keys, which new servers let in.
import { Button, Group } from "@mantine/core";
import { IconDownload, IconKey } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { keys } from "../api/keys";
import type { Keypair } from "../api/models";
import { useList } from "../api/queries";
import { NewButton } from "../parts/buttons";
import { Copied } from "../parts/Copied";
import { Empty } from "../parts/Empty";
import { textColumn } from "../parts/columns";
import { ThingTable } from "../parts/ThingTable";
import { openForm } from "../parts/form";
import { Page } from "../parts/Page";
import { useRemoval } from "../parts/removal";
import { type Column } from "../parts/ResourceTable";
import { openstack } from "../parts/shell_words";
import { CreateForm, ImportForm } from "./forms";
import { keypairPages, removeKeypair } from "./queries";

export function KeypairsPage() {
  const { t } = useTranslation("keypairs");
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
      <NewButton label={t("create")} form={(close) => <CreateForm close={close} />} />
    </Group>
  );
  const columns: Column<Keypair>[] = [
    textColumn({ key: "name", header: t("name"), text: (one) => one.name, strong: true }),
    textColumn({
      key: "type",
      header: t("type"),
      width: "90px",
      from: 700,
      text: (one) => one.type,
    }),
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
      <ThingTable
        label={t("title")}
        found={found}
        columns={columns}
        id={(one) => one.name}
        name={(one) => one.name}
        searchMore={(one) => one.public_key}
        remove={remove}
        empty={<Empty icon={IconKey} title={t("empty")} text={t("emptyText")} action={buttons} />}
      />
    </Page>
  );
}

// Key pairs and server groups in forms.
import {
  Alert,
  Button,
  Group,
  NumberInput,
  Select,
  Stack,
  TextInput,
  Textarea,
} from "@mantine/core";
import { IconAlertTriangle, IconDownload } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "../api/keys";
import { useChange } from "../api/queries";
import { save } from "../app/cli_files";
import { FormFrame, openForm } from "../parts/form";
import { openstack } from "../parts/shell_words";
import { POLICIES, type Policy, createKeypair, createServerGroup, importKeypair } from "./queries";

/** The comment at the end of a public key, which mostly says whose it is. */
function commentOf(publicKey: string): string {
  const words = publicKey.trim().split(/\s+/);
  return words.length > 2
    ? words
        .slice(2)
        .join("-")
        .replaceAll(/[^\w@.-]/g, "-")
    : "";
}

export function ImportForm({ close }: { close: () => void }) {
  const { t } = useTranslation("keypairs");
  const [name, setName] = useState("");
  const [key, setKey] = useState("");
  const wanted = name || commentOf(key);
  const change = useChange(() => importKeypair(wanted, key.trim()), [keys.keypairs]);
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("import")}
      done={t("imported", { name: wanted })}
      disabled={!wanted || !key.trim()}
      cli={openstack(
        "keypair",
        "create",
        "--public-key",
        "~/.ssh/id_ed25519.pub",
        wanted || "NAME",
      )}
    >
      <Textarea
        label={t("publicKey")}
        description={t("publicKeyAbout")}
        required
        autosize
        minRows={4}
        maxRows={10}
        spellCheck={false}
        styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
        value={key}
        onChange={(event) => setKey(event.currentTarget.value)}
        data-autofocus
      />
      <TextInput
        label={t("name")}
        required={!commentOf(key)}
        maxLength={255}
        placeholder={commentOf(key)}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
    </FormFrame>
  );
}

export function CreateForm({ close }: { close: () => void }) {
  const { t } = useTranslation("keypairs");
  const [name, setName] = useState("");
  const change = useChange(() => createKeypair(name), [keys.keypairs]);
  return (
    <FormFrame
      submit={async () => {
        const secret = await change.mutateAsync(undefined);
        openForm(t("made", { name }), (shut) => <Made name={name} secret={secret} close={shut} />);
      }}
      close={close}
      verb={t("create")}
      disabled={!name}
      cli={openstack("keypair", "create", "--private-key", `${name || "NAME"}.pem`, name || "NAME")}
    >
      <TextInput
        label={t("name")}
        description={t("createAbout")}
        required
        maxLength={255}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
      />
    </FormFrame>
  );
}

interface MadeProps {
  name: string;
  secret: string;
  close: () => void;
}

function Made({ name, secret, close }: MadeProps) {
  const { t } = useTranslation("keypairs");
  const [saved, setSaved] = useState(false);
  return (
    <Stack>
      <Alert
        color="yellow"
        variant="outline"
        icon={<IconAlertTriangle aria-hidden />}
        title={t("once")}
        styles={{ title: { color: "var(--unkai-warn)" } }}
      >
        {t("onceAbout", { file: `${name}.pem` })}
      </Alert>
      <Group justify="flex-end">
        <Button variant="default" onClick={close} disabled={!saved}>
          {t("close")}
        </Button>
        <Button
          leftSection={<IconDownload size={16} aria-hidden />}
          onClick={() => {
            save(`${name}.pem`, secret);
            setSaved(true);
          }}
          data-autofocus
        >
          {t("download")}
        </Button>
      </Group>
    </Stack>
  );
}

export function GroupForm({ close }: { close: () => void }) {
  const { t } = useTranslation("keypairs");
  const [name, setName] = useState("");
  const [policy, setPolicy] = useState<Policy>("anti-affinity");
  const [most, setMost] = useState<number | "">("");
  const limit = policy === "anti-affinity" && most !== "" ? most : undefined;
  const change = useChange(() => createServerGroup(name, policy, limit), [keys.serverGroups]);
  return (
    <FormFrame
      submit={() => change.mutateAsync(undefined)}
      close={close}
      verb={t("groups.create")}
      done={t("groups.made", { name })}
      disabled={!name}
      cli={openstack(
        ...["server", "group", "create", "--policy", policy],
        ...(limit === undefined ? [] : ["--rule", `max_server_per_host=${limit}`]),
        name || "NAME",
      )}
    >
      <TextInput
        label={t("name")}
        required
        maxLength={255}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
      />
      <Select
        label={t("groups.policy")}
        description={t(`policyAbout.${policy}`)}
        inputWrapperOrder={["label", "input", "description"]}
        data={POLICIES.map((one) => ({ value: one, label: t(`policy.${one}`) }))}
        allowDeselect={false}
        value={policy}
        onChange={(value) => setPolicy(value as Policy)}
      />
      {policy === "anti-affinity" && (
        <NumberInput
          label={t("groups.most")}
          description={t("groups.mostAbout")}
          min={1}
          value={most}
          onChange={(value) => setMost(value === "" ? "" : Math.max(1, Number(value)))}
        />
      )}
    </FormFrame>
  );
}

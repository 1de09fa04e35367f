// Making a physical machine known: how its BMC is reached, what it is, and whether it answers.
import {
  Button,
  Checkbox,
  Group,
  Select,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
  Textarea,
} from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "../api/keys";
import { useList } from "../api/queries";
import { ErrorAlert } from "../parts/ErrorAlert";
import { ButtonLink, TextLink } from "../parts/links";
import { Page } from "../parts/Page";
import { Panel } from "../parts/Panel";
import { ShowCli } from "../parts/ShowCli";
import { BmcCheck } from "./BmcCheck";
import { BLANK, type Enrolment, addPorts, enroll, enrollCli, hasBmc, macsOf } from "./enroll";
import { type MetalNode } from "./models";
import { driverList } from "./queries";

export function EnrollPage() {
  const { t } = useTranslation("baremetal");
  const client = useQueryClient();
  const [said, setSaid] = useState<Enrolment>(BLANK);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const [made, setMade] = useState<MetalNode | null>(null);
  const macs = macsOf(said.macs);

  async function go(event: FormEvent): Promise<void> {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const node = await enroll(said);
      setMade(node);
      setSaid({ ...said, password: "" });
      await addPorts(node.uuid, macs ?? []);
    } catch (problem) {
      setError(problem as Error);
    } finally {
      setBusy(false);
      await client.invalidateQueries({ queryKey: keys.nodes });
    }
  }

  return (
    <Page
      title={t("enroll.title")}
      about={t("enroll.about")}
      crumbs={[{ label: t("title"), to: "/nodes" }]}
    >
      {made ? (
        <Stack maw={860}>
          {error && <ErrorAlert error={error} />}
          <BmcCheck
            node={made}
            correct={
              <TextLink
                to="/nodes/$nodeId"
                params={{ nodeId: made.uuid }}
                search={{ tab: "settings" }}
              >
                {t("check.correct")}
              </TextLink>
            }
          />
          <Group>
            <ButtonLink to="/nodes/$nodeId" params={{ nodeId: made.uuid }} variant="default">
              {t("enroll.open")}
            </ButtonLink>
            <Button
              variant="subtle"
              onClick={() => {
                setMade(null);
                setError(null);
                setSaid({ ...said, name: "", address: "", macs: "", systemId: "" });
              }}
            >
              {t("enroll.another")}
            </Button>
          </Group>
        </Stack>
      ) : (
        <form onSubmit={(event) => void go(event)}>
          <Stack maw={860}>
            <Machine said={said} setSaid={setSaid} />
            {hasBmc(said.driver) && <Bmc said={said} setSaid={setSaid} />}
            <Hardware said={said} setSaid={setSaid} wrong={macs === null} />
            {error && <ErrorAlert error={error} />}
            <ShowCli command={enrollCli(said)} />
            <Group>
              <Button type="submit" loading={busy} disabled={macs === null}>
                {t("enroll.do")}
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Page>
  );
}

interface Part {
  said: Enrolment;
  setSaid: (said: Enrolment) => void;
}

const KNOWN = ["redfish", "ipmi", "fake-hardware"];

function Machine({ said, setSaid }: Part) {
  const { t } = useTranslation("baremetal");
  const drivers = useList(driverList(), { every: false });
  const names = drivers.data?.map((one) => one.name) ?? KNOWN;
  return (
    <Panel title={t("enroll.machine")}>
      <SimpleGrid cols={{ base: 1, sm: 3 }}>
        <TextInput
          label={t("name")}
          description={t("enroll.nameText")}
          value={said.name}
          onChange={(event) => setSaid({ ...said, name: event.currentTarget.value })}
        />
        <Select
          label={t("driver")}
          description={t(
            `driver.${said.driver as "ipmi"}`,
            t("driver.other", { driver: said.driver }),
          )}
          data={names}
          value={said.driver}
          allowDeselect={false}
          onChange={(value) => value && setSaid({ ...said, driver: value })}
        />
        <TextInput
          label={t("resourceClass")}
          description={t("enroll.classText")}
          value={said.resourceClass}
          onChange={(event) => setSaid({ ...said, resourceClass: event.currentTarget.value })}
        />
      </SimpleGrid>
    </Panel>
  );
}

function Bmc({ said, setSaid }: Part) {
  const { t } = useTranslation("baremetal");
  const ipmi = said.driver === "ipmi";
  return (
    <Panel title={t("enroll.bmc")}>
      <Stack>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextInput
            required
            label={t("enroll.address")}
            description={t(ipmi ? "enroll.addressIpmi" : "enroll.addressRedfish")}
            value={said.address}
            onChange={(event) => setSaid({ ...said, address: event.currentTarget.value })}
          />
          {ipmi ? (
            <TextInput
              label={t("enroll.port")}
              description={t("enroll.portText")}
              inputMode="numeric"
              value={said.port}
              onChange={(event) => setSaid({ ...said, port: event.currentTarget.value })}
            />
          ) : (
            <TextInput
              label={t("enroll.system")}
              description={t("enroll.systemText")}
              value={said.systemId}
              onChange={(event) => setSaid({ ...said, systemId: event.currentTarget.value })}
            />
          )}
          <TextInput
            label={t("enroll.user")}
            value={said.username}
            autoComplete="off"
            onChange={(event) => setSaid({ ...said, username: event.currentTarget.value })}
          />
          <TextInput
            type="password"
            label={t("enroll.password")}
            value={said.password}
            autoComplete="new-password"
            onChange={(event) => setSaid({ ...said, password: event.currentTarget.value })}
          />
        </SimpleGrid>
        {!ipmi && (
          <Checkbox
            label={t("enroll.verifyCa")}
            checked={said.verifyCa}
            onChange={(event) => setSaid({ ...said, verifyCa: event.currentTarget.checked })}
          />
        )}
        <Text size="xs" c="dimmed">
          {t("enroll.secret")}
        </Text>
      </Stack>
    </Panel>
  );
}

const PROPERTIES = ["cpus", "memory_mb", "local_gb", "cpu_arch"] as const;

function Hardware({ said, setSaid, wrong }: Part & { wrong: boolean }) {
  const { t } = useTranslation("baremetal");
  return (
    <Panel title={t("enroll.hardware")}>
      <Stack>
        <Textarea
          label={t("enroll.macs")}
          description={t("enroll.macsText")}
          value={said.macs}
          onChange={(event) => setSaid({ ...said, macs: event.currentTarget.value })}
          error={wrong ? t("enroll.macsWrong") : undefined}
          autosize
          minRows={2}
          styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
        />
        <SimpleGrid cols={{ base: 2, sm: 4 }}>
          {PROPERTIES.map((key) => (
            <TextInput
              key={key}
              label={t(`property.${key}`)}
              value={said.properties[key]}
              onChange={(event) =>
                setSaid({
                  ...said,
                  properties: { ...said.properties, [key]: event.currentTarget.value },
                })
              }
            />
          ))}
        </SimpleGrid>
        <Text size="xs" c="dimmed">
          {t("enroll.hardwareText")}
        </Text>
      </Stack>
    </Panel>
  );
}

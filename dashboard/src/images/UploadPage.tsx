// A new image: from a file on this computer, or from an address if the cloud fetches images.
import {
  Checkbox,
  FileInput,
  Group,
  NumberInput,
  Radio,
  Select,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
  Button,
} from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconFileUpload } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "../api/keys";
import type { Image } from "../api/models";
import { useOne } from "../api/queries";
import { isAdmin, useSession } from "../api/session";
import { ErrorAlert } from "../parts/ErrorAlert";
import { Page } from "../parts/Page";
import { Panel } from "../parts/Panel";
import { ShowCli } from "../parts/ShowCli";
import { openstack } from "../parts/shell_words";
import { importMethods } from "./queries";
import { Aborted, type Plan, type Progress, type Way, bringIn } from "./upload";
import { Brought, Bringing } from "./UploadProgress";
import { DISK_FORMATS, VISIBILITIES, bytes, formatOf, stemOf } from "./words";

const BLANK: Plan = {
  name: "",
  way: "upload",
  file: null,
  uri: "",
  diskFormat: "qcow2",
  visibility: "private",
  minDisk: 0,
  minRam: 0,
  isProtected: false,
};

/** Ask before the tab is closed while something is being sent. */
function useStay(busy: boolean): void {
  useEffect(() => {
    if (!busy) return undefined;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [busy]);
}

export function UploadPage() {
  const { t } = useTranslation("images");
  const client = useQueryClient();
  const [plan, setPlan] = useState(BLANK);
  const [progress, setProgress] = useState<Progress | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const [brought, setBrought] = useState<Image | null>(null);
  const stop = useRef<AbortController | null>(null);
  useStay(progress !== null);

  async function start(event: FormEvent): Promise<void> {
    event.preventDefault();
    stop.current = new AbortController();
    setError(null);
    setProgress({ phase: "sending", sent: 0, total: plan.file?.size ?? 0 });
    try {
      const made = await bringIn(plan, setProgress, stop.current.signal);
      setBrought(made);
      notifications.show({ message: t("upload.done", { name: plan.name }) });
    } catch (problem) {
      if (problem instanceof Aborted) notifications.show({ message: t("upload.aborted") });
      else setError(problem as Error);
    } finally {
      setProgress(null);
      void client.invalidateQueries({ queryKey: keys.images });
    }
  }

  return (
    <Page
      title={t("upload")}
      about={t("upload.about")}
      crumbs={[{ label: t("title"), to: "/images" }]}
    >
      {brought ? (
        <Brought
          image={brought}
          more={() => {
            setBrought(null);
            setPlan(BLANK);
          }}
        />
      ) : progress ? (
        <Bringing name={plan.name} progress={progress} abort={() => stop.current?.abort()} />
      ) : (
        <form onSubmit={(event) => void start(event)}>
          <Stack>
            {error && <ErrorAlert error={error} />}
            <SourcePanel plan={plan} setPlan={setPlan} />
            <AttributesPanel plan={plan} setPlan={setPlan} />
            <Group justify="space-between">
              <ShowCli command={cliOf(plan)} />
              <Button
                type="submit"
                disabled={
                  !plan.name || (plan.way === "web-download" ? !plan.uri : plan.file === null)
                }
              >
                {t("upload.start")}
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Page>
  );
}

function cliOf(plan: Plan): string {
  const web = plan.way === "web-download";
  return openstack(
    ...["image", "create", "--disk-format", plan.diskFormat],
    ...["--container-format", "bare"],
    ...(web
      ? ["--import", "--uri", plan.uri || "URL"]
      : ["--file", plan.file?.name ?? "FILE", plan.way === "glance-direct" && "--import"]),
    ...(plan.minDisk > 0 ? ["--min-disk", plan.minDisk] : []),
    ...(plan.minRam > 0 ? ["--min-ram", plan.minRam] : []),
    `--${plan.visibility}`,
    plan.isProtected && "--protected",
    plan.name || "NAME",
  );
}

interface PanelProps {
  plan: Plan;
  setPlan: (plan: Plan) => void;
}

function SourcePanel({ plan, setPlan }: PanelProps) {
  const { t } = useTranslation("images");
  const methods = useOne(importMethods(), { every: false }).data ?? [];
  const ways: Way[] = ["upload"];
  if (methods.includes("glance-direct")) ways.push("glance-direct");
  if (methods.includes("web-download")) ways.push("web-download");
  const choose = (file: File | null) =>
    setPlan({
      ...plan,
      file,
      name: plan.name || (file ? stemOf(file.name) : ""),
      diskFormat: file ? formatOf(file.name) : plan.diskFormat,
    });
  return (
    <Panel title={t("upload.source")}>
      <Stack>
        {ways.length > 1 && (
          <Radio.Group
            label={t("upload.way")}
            value={plan.way}
            onChange={(way) => setPlan({ ...plan, way: way as Way })}
          >
            <Stack gap={8} mt={6}>
              {ways.map((way) => (
                <Radio
                  key={way}
                  value={way}
                  label={t(`way.${way}`)}
                  description={t(`wayAbout.${way}`)}
                />
              ))}
            </Stack>
          </Radio.Group>
        )}
        {plan.way === "web-download" ? (
          <TextInput
            label={t("upload.uri")}
            type="url"
            required
            value={plan.uri}
            onChange={(event) => setPlan({ ...plan, uri: event.currentTarget.value })}
          />
        ) : (
          <FileInput
            label={t("upload.file")}
            required
            placeholder={t("upload.choose")}
            styles={{ placeholder: { color: "var(--mantine-color-dimmed)" } }}
            leftSection={<IconFileUpload size={16} aria-hidden />}
            value={plan.file}
            onChange={choose}
            clearable
            clearButtonProps={{ "aria-label": t("upload.unchoose") }}
            description={plan.file ? bytes(plan.file.size) : undefined}
          />
        )}
      </Stack>
    </Panel>
  );
}

function AttributesPanel({ plan, setPlan }: PanelProps) {
  const { t } = useTranslation("images");
  const admin = isAdmin(useSession());
  const number = (value: string | number) => Math.max(0, Math.floor(Number(value) || 0));
  return (
    <Panel title={t("upload.what")}>
      <Stack>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextInput
            label={t("name")}
            required
            maxLength={255}
            value={plan.name}
            onChange={(event) => setPlan({ ...plan, name: event.currentTarget.value })}
          />
          <Select
            label={t("format")}
            description={t("formatAbout")}
            inputWrapperOrder={["label", "input", "description"]}
            data={DISK_FORMATS}
            allowDeselect={false}
            value={plan.diskFormat}
            onChange={(format) => setPlan({ ...plan, diskFormat: format ?? "qcow2" })}
          />
          <NumberInput
            label={t("minDisk")}
            suffix=" GiB"
            min={0}
            value={plan.minDisk}
            onChange={(value) => setPlan({ ...plan, minDisk: number(value) })}
          />
          <NumberInput
            label={t("minRam")}
            suffix=" MiB"
            min={0}
            step={256}
            value={plan.minRam}
            onChange={(value) => setPlan({ ...plan, minRam: number(value) })}
          />
          <Select
            label={t("visibility")}
            data={VISIBILITIES.filter((one) => admin || one !== "public").map((one) => ({
              value: one,
              label: t(`visibility.${one}`),
            }))}
            allowDeselect={false}
            value={plan.visibility}
            onChange={(visibility) => setPlan({ ...plan, visibility: visibility ?? "private" })}
          />
        </SimpleGrid>
        <Checkbox
          label={t("protected")}
          checked={plan.isProtected}
          onChange={(event) => setPlan({ ...plan, isProtected: event.currentTarget.checked })}
        />
        <Text size="sm" c="dimmed">
          {t("upload.inspected")}
        </Text>
      </Stack>
    </Panel>
  );
}

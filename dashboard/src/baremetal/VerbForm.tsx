// What a verb asks for before it begins: steps of a clean, a rescue password, a reason.
import { List, MultiSelect, Text, TextInput, Textarea } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { FormFrame } from "../parts/form";
import { type NodeRow, nameOf } from "./models";
import { PRESETS, parseSteps, stepsOf } from "./step_words";
import type { Given, Verb } from "./verbs";

interface Props {
  verb: Verb;
  nodes: NodeRow[];
  cli: (given: Given) => string[];
  submit: (given: Given) => Promise<unknown>;
  close: () => void;
  done: string;
}

const PASSWORD_LEAST = 8;

export function VerbForm({ verb, nodes, cli, submit, close, done }: Props) {
  const { t } = useTranslation("baremetal");
  const [reason, setReason] = useState("");
  const [password, setPassword] = useState("");
  const [text, setText] = useState("");
  const steps = parseSteps(text);
  const given: Given = { reason, password, steps: steps ?? [] };
  const ready = {
    reason: true,
    password: password.length >= PASSWORD_LEAST,
    steps: steps !== null && steps.length > 0,
  };
  return (
    <FormFrame
      submit={() => submit(given)}
      close={close}
      verb={t(verb.label)}
      danger={verb.danger}
      disabled={verb.form && !ready[verb.form]}
      cli={cli(given)}
      done={done}
    >
      <Text size="sm">{t(verb.about)}</Text>
      {nodes.length > 1 && (
        <List size="sm">
          {nodes.slice(0, 8).map((one) => (
            <List.Item key={one.uuid}>{nameOf(one)}</List.Item>
          ))}
        </List>
      )}
      {verb.form === "reason" && (
        <TextInput
          label={t("form.reason")}
          description={t("form.reasonText")}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          data-autofocus
        />
      )}
      {verb.form === "password" && (
        <TextInput
          type="password"
          label={t("form.password")}
          description={t("form.passwordText", { count: PASSWORD_LEAST })}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          autoComplete="new-password"
          data-autofocus
        />
      )}
      {verb.form === "steps" && (
        <>
          <MultiSelect
            label={t("form.presets")}
            description={t("form.presetsText")}
            data={Object.keys(PRESETS).map((name) => ({
              value: name,
              label: t(`step.${name as keyof typeof PRESETS}`),
            }))}
            onChange={(chosen) => setText(stepsOf(chosen))}
          />
          <Textarea
            label={t("form.steps")}
            description={t("form.stepsText")}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            error={text && steps === null ? t("form.stepsWrong") : undefined}
            autosize
            minRows={4}
            maxRows={14}
            ff="monospace"
            styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
          />
        </>
      )}
    </FormFrame>
  );
}

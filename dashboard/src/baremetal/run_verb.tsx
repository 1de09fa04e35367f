// From a verb to a question or a form, a request and a word that it was done; for one node or many.
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { keys } from "../api/keys";
import { confirm } from "../parts/confirm";
import { openForm } from "../parts/form";
import { VerbForm } from "./VerbForm";
import { type NodeRow, nameOf } from "./models";
import type { Given, Verb } from "./verbs";

const AT_ONCE = 6;
const CLI_SHOWN = 20;
const MANY = 5;

/** Do it for all, a few at a time; throws after all were tried, naming who refused and why. */
async function forEach(nodes: NodeRow[], work: (node: NodeRow) => Promise<void>): Promise<void> {
  const waiting = [...nodes];
  const errors: [NodeRow, Error][] = [];
  const run = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const node = next;
      await work(node).catch((error: unknown) => errors.push([node, error as Error]));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, run));
  const [first] = errors;
  if (!first) return;
  if (nodes.length === 1) throw first[1];
  throw new Error(errors.map(([node, error]) => `${nameOf(node)}: ${error.message}`).join("\n"));
}

export function useVerbs() {
  const { t } = useTranslation("baremetal");
  const client = useQueryClient();
  const navigate = useNavigate();

  return function start(verb: Verb, nodes: NodeRow[], after?: () => void): void {
    const [first] = nodes;
    if (!first) return;
    const what = t(verb.label);
    const who = nodes.length === 1 ? nameOf(first) : t("many", { count: nodes.length });
    const said = t("asked", { verb: what, node: who });
    const title = t("ask", { verb: what, node: who });
    const cli = (given: Given) => nodes.slice(0, CLI_SHOWN).map((one) => verb.cli(one, given));
    const work = async (given: Given) => {
      try {
        await forEach(nodes, (node) => verb.work(node, given));
      } finally {
        await Promise.all([keys.nodes].map((queryKey) => client.invalidateQueries({ queryKey })));
      }
      after?.();
      if (verb.name === "remove") await navigate({ to: "/nodes" });
    };
    if (verb.form) {
      openForm(title, (close) => (
        <VerbForm verb={verb} nodes={nodes} cli={cli} submit={work} close={close} done={said} />
      ));
    } else if (verb.asks) {
      confirm({
        title,
        text: t(verb.about),
        names: nodes.length > 1 ? nodes.map(nameOf) : undefined,
        verb: what,
        danger: verb.danger,
        cli: cli({}),
        typed: verb.danger && nodes.length > MANY ? String(nodes.length) : undefined,
        work: () => work({}),
        done: said,
      });
    } else {
      work({}).then(
        () => notifications.show({ message: said }),
        (error: unknown) => notifications.show({ color: "red", message: (error as Error).message }),
      );
    }
  };
}

// From a verb to a question, a request and a word that it was done, for one server or many.
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { keys } from "../api/keys";
import type { Server } from "../api/models";
import { confirm } from "../parts/confirm";
import { type Verb } from "./actions";

const AT_ONCE = 6;

/** Do it for all, a few at a time; throws the first refusal after all were tried. */
async function forEach(servers: Server[], work: (server: Server) => Promise<void>): Promise<void> {
  const waiting = [...servers];
  const errors: Error[] = [];
  const run = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift())
      await work(next).catch((error: unknown) => errors.push(error as Error));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, run));
  if (errors[0]) throw errors[0];
}

export function useVerbs() {
  const { t } = useTranslation("servers");
  const client = useQueryClient();

  return function start(verb: Verb, servers: Server[], after?: () => void): void {
    const [first] = servers;
    if (!first) return;
    const what = t(verb.label);
    const who = servers.length === 1 ? first.name : t("many", { count: servers.length });
    const work = async (option: boolean) => {
      try {
        await forEach(servers, (server) => verb.work(server, option));
      } finally {
        await client.invalidateQueries({ queryKey: keys.servers });
      }
      after?.();
    };
    const said = t("asked", { verb: what, server: who });
    const cli = servers.slice(0, 20).map((one) => verb.cli(one, false));
    if (!verb.asks) {
      work(false).then(
        () => notifications.show({ title: said, message: cli.join("\n"), autoClose: 8000 }),
        (error: unknown) => notifications.show({ color: "red", message: (error as Error).message }),
      );
      return;
    }
    confirm({
      title: t("ask", { verb: what, server: who }),
      text: t(`about.${verb.name as "stop" | "reboot" | "delete"}`),
      names: servers.length > 1 ? servers.map((one) => one.name) : undefined,
      verb: what,
      danger: verb.danger,
      cli,
      option: verb.option && t(verb.option),
      typed: verb.danger && servers.length > 5 ? String(servers.length) : undefined,
      work,
      done: said,
    });
  };
}

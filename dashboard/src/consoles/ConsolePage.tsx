// A console in a window of its own, and the page that Nova's addresses of screens lead to.
import { Suspense, lazy, useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSession } from "../api/session";
import type { Wanted } from "./addresses";
import { nameOf, streamFor } from "./asking";
import classes from "./ConsolePage.module.css";

const Screen = lazy(() => import("./Screen"));
const SerialLine = lazy(() => import("./SerialLine"));

export function ConsolePage({ wanted }: { wanted: Wanted | null }) {
  const { t } = useTranslation("consoles");
  const session = useSession();
  if (!wanted) return <Instead title={t("nothing")} text={t("nothingText")} />;
  if (wanted.by !== "path" && !session)
    return <Instead title={t("signedOut")} text={t("signedOutText")} />;
  return (
    <main>
      <Suspense fallback={null}>
        <Console wanted={wanted} />
      </Suspense>
    </main>
  );
}

function Console({ wanted }: { wanted: Wanted }) {
  const { t } = useTranslation("consoles");
  const [name, setName] = useState("");
  const closed = t("nodeClosed");
  const address = useCallback(() => streamFor(wanted, closed), [wanted, closed]);
  useEffect(() => {
    if (wanted.by === "path") return;
    nameOf(wanted).then(setName, () => setName(wanted.id));
  }, [wanted]);
  useEffect(() => {
    if (name) document.title = `${name} – Unkai`;
  }, [name]);
  if (wanted.by === "node" || (wanted.by === "server" && wanted.kind === "serial"))
    return <SerialLine name={name} address={address} again />;
  if (wanted.by === "server") return <Screen name={name} address={address} again />;
  return (
    <Screen
      name={name}
      named={setName}
      address={address}
      again={false}
      wayBack={
        <>
          <p>{t("once")}</p>
          <code>openstack console url show --novnc SERVER</code>
          <a href="/dashboard/servers">{t("toServers")}</a>
        </>
      }
    />
  );
}

function Instead({ title, text }: { title: string; text: string }) {
  const { t } = useTranslation("consoles");
  return (
    <main className={classes.instead}>
      <h1>{title}</h1>
      <p>{text}</p>
      <a href="/dashboard/">{t("toDashboard")}</a>
    </main>
  );
}

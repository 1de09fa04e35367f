// One machine on the rack: its states, and which server is on it.
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { toneOf } from "../parts/states";
import { Health, Maintenance, Power, Provision, toneOfNode } from "./NodeStates";
import classes from "./RackPage.module.css";
import { type NodeRow, isFree, nameOf } from "./models";

export function RackCard({ node }: { node: NodeRow }) {
  const { t } = useTranslation("baremetal");
  const tone = toneOfNode(node) ?? toneOf(node.provision_state);
  return (
    <Link
      to="/nodes/$nodeId"
      params={{ nodeId: node.uuid }}
      className={classes.card}
      data-tone={node.maintenance ? "warn" : tone}
    >
      <span className={classes.name}>{nameOf(node)}</span>
      <Provision node={node} />
      <Power node={node} />
      {node.health && <Health node={node} />}
      <Maintenance node={node} />
      <span className={classes.instance}>
        {node.instance_name ?? node.instance_uuid ?? (isFree(node) ? t("free") : "–")}
      </span>
    </Link>
  );
}

// What a rule allows, as a sentence.
import { useTranslation } from "react-i18next";
import type { Rule } from "./models";
import { hasPorts, isOpen, portsText, serviceOf } from "./rules";

/** A function from a rule to its sentence; `groups`: names by id. */
export function useExplained(groups: Map<string, string>): (rule: Rule) => string {
  const { t } = useTranslation("networks");
  return (rule) => {
    const service = serviceOf(rule);
    const ports = portsText(rule);
    const protocol = rule.protocol?.toUpperCase();
    const traffic = !protocol
      ? t("says.anything")
      : service
        ? t("says.service", { service, protocol, ports })
        : ports && hasPorts(rule.protocol)
          ? t("says.ports", { protocol, ports })
          : ports
            ? t("says.type", { protocol, ports })
            : hasPorts(rule.protocol)
              ? t("says.all", { protocol })
              : t("says.protocol", { protocol });
    const family = rule.ethertype;
    const group = rule.remote_group_id;
    const inward = rule.direction === "ingress";
    const other = group
      ? t("says.group", { group: groups.get(group) ?? group, family })
      : !rule.remote_ip_prefix || isOpen(rule)
        ? t(inward ? "says.anywhere" : "says.everywhere", { family })
        : rule.remote_ip_prefix;
    return t(inward ? "says.in" : "says.out", { traffic, other });
  };
}

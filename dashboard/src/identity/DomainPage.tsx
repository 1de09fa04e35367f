// One domain: who may do what in it.
import { useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { ThingPage } from "../parts/ThingPage";
import { AssignmentTable } from "./AssignmentTable";
import { NamedHead } from "./NamedHead";
import { Enabled } from "./columns";
import { DOMAIN, oneOf } from "./things";

export function DomainPage() {
  const { t } = useTranslation("identity");
  const { domainId } = useParams({ from: "/shell/domains/$domainId" });
  return (
    <ThingPage
      spec={oneOf(DOMAIN, domainId)}
      title={t("domain")}
      crumb={{ label: t("domains"), to: "/domains" }}
      name={(one) => one.name}
      mark={(one) => <Enabled thing={one} />}
      about={(one) => one.description}
      actions={(one) => (
        <NamedHead kind={DOMAIN} thing={one} list="/domains" removable={!one.enabled} />
      )}
    >
      {(one) => (
        <AssignmentTable
          asked={{ "scope.domain.id": one.id }}
          given={{ place: "domain", placeId: one.id }}
        />
      )}
    </ThingPage>
  );
}

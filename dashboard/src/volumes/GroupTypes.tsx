// Kinds of volume groups: administrators say what each asks for.
import { IconBoxMultiple, IconListDetails, IconPencil } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useList } from "../api/queries";
import { NewButton } from "../parts/buttons";
import { textColumn } from "../parts/columns";
import { Empty } from "../parts/Empty";
import { openForm } from "../parts/form";
import { useRemoval } from "../parts/removal";
import { openstack } from "../parts/shell_words";
import { toLines } from "../parts/spec_lines";
import { ThingTable } from "../parts/ThingTable";
import { GroupSpecsForm, GroupTypeForm } from "./GroupForms";
import { cliWords } from "./hooks";
import type { GroupType } from "./models";
import { groupTypeList } from "./queries";
import { GROUP_TYPE, remove } from "./things";

export function GroupTypes() {
  const { t } = useTranslation("volumes");
  const removal = useRemoval<GroupType>({
    name: (one) => one.name,
    cli: (one) => openstack(...cliWords(GROUP_TYPE), "delete", one.id),
    remove: (one) => remove(GROUP_TYPE, one.id),
    about: t("removeAbout.groupType"),
    stale: GROUP_TYPE.stale,
  });
  const create = (
    <NewButton
      label={t("groupType.create")}
      form={(close) => <GroupTypeForm close={close} />}
      small
    />
  );
  return (
    <ThingTable
      label={t("groupTypes")}
      found={useList(groupTypeList())}
      columns={[
        textColumn<GroupType>({
          key: "name",
          header: t("name"),
          text: (one) => one.name,
          strong: true,
        }),
        textColumn<GroupType>({
          key: "specs",
          header: t("group.specs"),
          width: "60%",
          from: 560,
          text: (one) => toLines(one.group_specs ?? {}).replaceAll("\n", ", "),
          mono: true,
        }),
      ]}
      name={(one) => one.name}
      deeds={(one) => [
        {
          label: t("edit"),
          icon: IconPencil,
          start: () =>
            openForm(t("edit.of", { name: one.name }), (close) => (
              <GroupTypeForm type={one} close={close} />
            )),
        },
        {
          label: t("group.specs"),
          icon: IconListDetails,
          start: () =>
            openForm(t("group.specsOf", { name: one.name }), (close) => (
              <GroupSpecsForm type={one} close={close} />
            )),
        },
      ]}
      remove={removal}
      tools={create}
      empty={
        <Empty
          icon={IconBoxMultiple}
          title={t("groupTypes.empty")}
          text={t("groupTypes.about")}
          action={create}
        />
      }
    />
  );
}

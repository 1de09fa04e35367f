// A list of one kind of thing of the network area: its table, deletion of many, a menu at each row.
import { IconTrash } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { RemoveButton } from "../parts/removal";
import { type Column, ResourceTable } from "../parts/ResourceTable";
import { type Deed, RowMenu } from "../parts/RowMenu";

interface Props<T> {
  label: string;
  found: { data: T[] | undefined; error: Error | null; refetch: () => unknown };
  columns: Column<T>[];
  name: (row: T) => string;
  state?: (row: T) => string;
  searchMore?: (row: T) => string;
  sortBy: string;
  open?: (row: T) => void;
  remove: (rows: T[], after?: () => void) => void;
  /** Which rows may be deleted; all, without it. */
  removable?: (row: T) => boolean;
  deeds?: (row: T) => Deed[];
  tools?: ReactNode;
  empty: ReactNode;
}

export function ThingList<T extends { id: string }>(props: Props<T>) {
  const { t } = useTranslation("parts");
  const { found, name, remove, removable = () => true } = props;
  return (
    <ResourceTable
      label={props.label}
      rows={found.data}
      error={found.error}
      again={() => void found.refetch()}
      columns={props.columns}
      id={(one) => one.id}
      name={name}
      state={props.state}
      searchMore={(one) => `${one.id} ${props.searchMore?.(one) ?? ""}`}
      sort={{ key: props.sortBy, down: false }}
      open={props.open}
      tools={props.tools}
      bulk={(chosen, clear) => {
        const fitting = chosen.filter(removable);
        return <RemoveButton count={fitting.length} start={() => remove(fitting, clear)} />;
      }}
      actions={(one) => (
        <RowMenu
          label={t("actionsOf", { name: name(one) })}
          deeds={[
            ...(props.deeds?.(one) ?? []),
            {
              label: t("remove.verb"),
              icon: IconTrash,
              danger: true,
              disabled: !removable(one),
              start: () => remove([one]),
            },
          ]}
        />
      )}
      empty={props.empty}
    />
  );
}

// A list of one kind of thing: its table, deletion of many, a menu at each row.
import { IconTrash } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { RemoveButton } from "./removal";
import { type Column, ResourceTable } from "./ResourceTable";
import { type Deed, RowMenu } from "./RowMenu";

/** What a list's query answers, as far as a table needs it. */
export interface Found<T> {
  data: T[] | undefined;
  error: Error | null;
  refetch: () => unknown;
}

interface Props<T> {
  label: string;
  found: Found<T>;
  columns: Column<T>[];
  /** Of what is known by something else than its `id`. */
  id?: (row: T) => string;
  name: (row: T) => string;
  state?: (row: T) => string;
  searchMore?: (row: T) => string;
  /** The column's key; the first one, without it. */
  sortBy?: string;
  open?: (row: T) => void;
  /** Ask, and delete; without it nothing can be deleted, and nothing chosen. */
  remove?: (rows: T[], after?: () => void) => void;
  /** Its word, where deletion is called otherwise. */
  removeWord?: string;
  /** Which rows may be deleted; all, without it. */
  removable?: (row: T) => boolean;
  /** What else a row's menu offers. */
  deeds?: (row: T) => Deed[];
  tools?: ReactNode;
  empty: ReactNode;
}

function ownId(row: object): string {
  return "id" in row ? String(row.id) : "";
}

export function ThingTable<T extends object>(props: Props<T>) {
  const { t } = useTranslation("parts");
  const { found, columns, id = ownId, name, remove, deeds, removable = () => true } = props;
  const removeWord = props.removeWord ?? t("remove.verb");
  const menu = (one: T) => {
    const all = [...(deeds?.(one) ?? [])];
    if (remove)
      all.push({
        label: removeWord,
        icon: IconTrash,
        danger: true,
        disabled: !removable(one),
        start: () => remove([one]),
      });
    return all.length > 0 && <RowMenu label={t("actionsOf", { name: name(one) })} deeds={all} />;
  };
  return (
    <ResourceTable
      label={props.label}
      rows={found.data}
      error={found.error}
      again={() => void found.refetch()}
      columns={columns}
      id={id}
      name={name}
      state={props.state}
      searchMore={(one) => `${id(one)} ${props.searchMore?.(one) ?? ""}`}
      sort={{ key: props.sortBy ?? columns[0]?.key ?? "", down: false }}
      open={props.open}
      tools={props.tools}
      bulk={
        remove &&
        ((chosen, clear) => {
          const fitting = chosen.filter(removable);
          return (
            <RemoveButton
              count={fitting.length}
              word={removeWord}
              start={() => remove(fitting, clear)}
            />
          );
        })
      }
      actions={remove || deeds ? menu : undefined}
      empty={props.empty}
    />
  );
}

// One row of a table. It is drawn again only for another reason than that its neighbours come and go.
import { type ReactNode, memo } from "react";
import classes from "./ResourceTable.module.css";
import type { Column } from "./table_model";

interface Props<T> {
  row: T;
  index: number;
  columns: Column<T>[];
  isChosen: boolean;
  /** The one that the tab key leads to. */
  isNext: boolean;
  toggle?: (row: T) => void;
  choose: string;
  actions?: (row: T) => ReactNode;
}

export const TableRow = memo(function TableRow<T>(props: Props<T>) {
  const { row, index, columns, isChosen, toggle, actions } = props;
  return (
    <tr
      className={classes.row}
      data-index={index}
      data-chosen={isChosen || undefined}
      aria-rowindex={index + 2}
      tabIndex={props.isNext ? 0 : -1}
    >
      {toggle && (
        <td>
          <input
            type="checkbox"
            className={classes.choice}
            aria-label={props.choose}
            checked={isChosen}
            onChange={() => toggle(row)}
          />
        </td>
      )}
      {columns.map((column) => (
        <td key={column.key} data-align={column.align} className={classes.cell}>
          {column.cell(row)}
        </td>
      ))}
      {actions && <td className={classes.menu}>{actions(row)}</td>}
    </tr>
  );
}) as <T>(props: Props<T>) => ReactNode;

// Every list of the dashboard: searched, filtered, sorted, chosen from, and drawn only where it is
// seen, so that ten thousand rows are as quick as ten.
import { Checkbox, Skeleton, Table } from "@mantine/core";
import { useViewportSize } from "@mantine/hooks";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import {
  type FocusEvent,
  type KeyboardEvent,
  type ReactNode,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { useTranslation } from "react-i18next";
import { isBeginning } from "../api/queries";
import { ErrorAlert } from "./ErrorAlert";
import { NothingMatches, TableHead, Toolbar } from "./TableFrame";
import classes from "./ResourceTable.module.css";
import { TableRow } from "./TableRow";
import { type Column, type Sorting, searched, sorted, statesOf } from "./table_model";

export type { Column } from "./table_model";

interface Props<T> {
  /** What the rows are, for screen readers: "Servers". */
  label: string;
  rows: T[] | undefined;
  error?: Error | null;
  again?: () => void;
  columns: Column<T>[];
  id: (row: T) => string;
  name: (row: T) => string;
  /** Its filter is offered where there are several. */
  state?: (row: T) => string;
  /** More text to search in, which no column shows. */
  searchMore?: (row: T) => string;
  sort?: Sorting;
  /** Enter on a row. */
  open?: (row: T) => void;
  /** Buttons for the chosen rows; without it, none can be chosen. */
  bulk?: (chosen: T[], clear: () => void) => ReactNode;
  /** At the end of a row: its menu. */
  actions?: (row: T) => ReactNode;
  /** Shown where there are no rows at all. */
  empty: ReactNode;
  /** Beside the search. */
  tools?: ReactNode;
}

const ROW_PX = 45;
const AHEAD = 8;

export function ResourceTable<T>(props: Props<T>) {
  const { rows, columns, id, state, label } = props;
  const { t } = useTranslation("parts");
  const [text, setText] = useState("");
  const [wanted, setWanted] = useState<string | null>(null);
  const [sorting, setSorting] = useState<Sorting | null>(props.sort ?? null);
  const [chosenIds, setChosenIds] = useState<ReadonlySet<string>>(new Set());
  const { width } = useViewportSize();
  const searchRef = useRef<HTMLInputElement>(null);

  const visible = columns.filter((one) => !one.from || width === 0 || width >= one.from);
  const all = rows ?? [];
  const shown = useMemo(() => {
    const kept = wanted && state ? all.filter((row) => state(row) === wanted) : all;
    return sorted(searched(kept, columns, text, props.searchMore), columns, sorting);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the columns' functions are made anew
  }, [rows, wanted, text, sorting]);
  const chosen = all.filter((row) => chosenIds.has(id(row)));
  const clear = () => setChosenIds(new Set());

  if (props.error && !rows) return <ErrorAlert error={props.error} again={props.again} />;
  if (rows?.length === 0) return props.empty;

  const allChosen = shown.length > 0 && shown.every((row) => chosenIds.has(id(row)));
  const toggle = (row: T) => {
    const next = new Set(chosenIds);
    if (!next.delete(id(row))) next.add(id(row));
    setChosenIds(next);
  };
  const reset = () => {
    setText("");
    setWanted(null);
  };
  return (
    <div className={classes.frame}>
      <Toolbar
        search={searchRef}
        text={text}
        setText={setText}
        states={state ? statesOf(all, state) : []}
        wanted={wanted}
        setWanted={setWanted}
        shown={shown.length}
        count={rows?.length}
        isComing={isBeginning(rows)}
        tools={props.tools}
        chosen={chosen.length}
        bulk={chosen.length > 0 ? props.bulk?.(chosen, clear) : undefined}
        clear={clear}
      />
      {props.error && <ErrorAlert error={props.error} again={props.again} />}
      <Table
        className={classes.table}
        aria-label={label}
        aria-rowcount={isBeginning(rows) ? -1 : shown.length + 1}
        layout="fixed"
        verticalSpacing={0}
      >
        <colgroup>
          {props.bulk && <col style={{ width: 40 }} />}
          {visible.map((column) => (
            <col key={column.key} style={{ width: column.width }} />
          ))}
          {props.actions && <col style={{ width: 52 }} />}
        </colgroup>
        <TableHead
          columns={visible}
          sorting={sorting}
          setSorting={setSorting}
          withMenu={Boolean(props.actions)}
          choice={
            props.bulk && (
              <Checkbox
                size="xs"
                aria-label={t("table.chooseAll")}
                checked={allChosen}
                indeterminate={!allChosen && chosen.length > 0}
                onChange={() => setChosenIds(allChosen ? new Set() : new Set(shown.map(id)))}
              />
            )
          }
        />
        {rows ? (
          <Rows
            {...props}
            rows={shown}
            columns={visible}
            chosenIds={chosenIds}
            toggle={toggle}
            search={() => searchRef.current?.focus()}
          />
        ) : (
          <Waiting columns={visible.length + (props.bulk ? 1 : 0) + (props.actions ? 1 : 0)} />
        )}
      </Table>
      {rows && shown.length === 0 && <NothingMatches reset={reset} />}
    </div>
  );
}

function Waiting({ columns }: { columns: number }) {
  return (
    <Table.Tbody aria-busy>
      {[0, 1, 2, 3].map((row) => (
        <Table.Tr key={row} className={classes.row}>
          {Array.from({ length: columns }, (_, column) => (
            <Table.Td key={column}>
              <Skeleton height={12} radius="xl" />
            </Table.Td>
          ))}
        </Table.Tr>
      ))}
    </Table.Tbody>
  );
}

interface RowsProps<T> extends Props<T> {
  rows: T[];
  chosenIds: ReadonlySet<string>;
  toggle: (row: T) => void;
  search: () => void;
}

function Rows<T>({ rows, columns, id, name, chosenIds, toggle, ...props }: RowsProps<T>) {
  const { t } = useTranslation("parts");
  const body = useRef<HTMLTableSectionElement>(null);
  const going = useRef<number | null>(null);
  const [at, setAt] = useState(0);
  const [margin, setMargin] = useState(0);
  useEffect(() => setMargin(body.current?.offsetTop ?? 0), [rows.length]);
  const window = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => ROW_PX,
    overscan: AHEAD,
    scrollMargin: margin,
  });
  const items = window.getVirtualItems();
  const before = items[0] ? items[0].start - margin : 0;
  const after = window.getTotalSize() - (items.at(-1)?.end ?? margin) + margin;
  const span = columns.length + (props.bulk ? 1 : 0) + (props.actions ? 1 : 0);

  function goTo(index: number): void {
    const next = Math.max(0, Math.min(rows.length - 1, index));
    setAt(next);
    window.scrollToIndex(next);
    going.current = next;
    arrive();
  }

  /** The row that is gone to has the focus as soon as it is drawn, which may take some frames. */
  function arrive(): void {
    if (going.current === null) return;
    const row = body.current?.querySelector<HTMLElement>(`[data-index="${going.current}"]`);
    if (!row) return;
    going.current = null;
    row.focus();
  }
  useEffect(arrive);

  function onKey(event: KeyboardEvent<HTMLElement>): void {
    const own = event.target as HTMLElement;
    const row = rows[Number(own.dataset.index)];
    if (own.dataset.index === undefined || !row || event.ctrlKey || event.metaKey) return;
    const index = Number(own.dataset.index);
    const moves: Record<string, () => void> = {
      ArrowDown: () => goTo(index + 1),
      ArrowUp: () => goTo(index - 1),
      Home: () => goTo(0),
      End: () => goTo(rows.length - 1),
      Enter: () => props.open?.(row),
      " ": () => props.bulk && toggle(row),
      "/": () => props.search(),
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  }

  function onFocus(event: FocusEvent<HTMLElement>): void {
    const index = event.target.closest<HTMLElement>("[data-index]")?.dataset.index;
    if (index !== undefined) setAt(Number(index));
  }

  return (
    <Table.Tbody ref={body} aria-description={t("table.keys")} onKeyDown={onKey} onFocus={onFocus}>
      {before > 0 && <Spacer height={before} span={span} />}
      {items.map(({ index }) => {
        const row = rows[index];
        return (
          row !== undefined && (
            <TableRow
              key={id(row)}
              row={row}
              index={index}
              columns={columns}
              isChosen={chosenIds.has(id(row))}
              isNext={index === Math.min(at, rows.length - 1)}
              toggle={props.bulk && toggle}
              choose={t("table.choose", { name: name(row) })}
              actions={props.actions}
            />
          )
        );
      })}
      {after > 0 && <Spacer height={after} span={span} />}
    </Table.Tbody>
  );
}

function Spacer({ height, span }: { height: number; span: number }) {
  return (
    <tr aria-hidden>
      <td colSpan={span} style={{ height, padding: 0 }} />
    </tr>
  );
}

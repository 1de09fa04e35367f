// Around a table's rows: the toolbar, the head, and what is said where nothing matches.
import {
  Button,
  CloseButton,
  Group,
  Select,
  Table,
  Text,
  TextInput,
  UnstyledButton,
} from "@mantine/core";
import {
  IconArrowDown,
  IconArrowUp,
  IconArrowsSort,
  IconSearch,
  IconZoomExclamation,
} from "@tabler/icons-react";
import type { ReactNode, Ref } from "react";
import { useTranslation } from "react-i18next";
import { Empty } from "./Empty";
import classes from "./ResourceTable.module.css";
import type { Column, Sorting } from "./table_model";

interface ToolbarProps {
  search: Ref<HTMLInputElement>;
  text: string;
  setText: (text: string) => void;
  states: [string, number][];
  wanted: string | null;
  setWanted: (state: string | null) => void;
  shown: number;
  count: number | undefined;
  /** More than these are still being read. */
  isComing: boolean;
  tools?: ReactNode;
  chosen: number;
  bulk?: ReactNode;
  clear: () => void;
}

export function Toolbar({ search, text, setText, states, count, shown, ...props }: ToolbarProps) {
  const { t } = useTranslation("parts");
  if (props.chosen > 0) {
    return (
      <Group className={classes.toolbar} gap="xs" role="toolbar">
        <Text size="sm" fw={600} role="status">
          {t("table.chosen", { count: props.chosen })}
        </Text>
        {props.bulk}
        <Button variant="subtle" size="xs" onClick={props.clear}>
          {t("table.unchoose")}
        </Button>
      </Group>
    );
  }
  return (
    <Group className={classes.toolbar} gap="xs">
      <TextInput
        ref={search}
        size="xs"
        className={classes.search}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        placeholder={t("table.search")}
        aria-label={t("table.search")}
        leftSection={<IconSearch size={14} aria-hidden />}
        rightSection={
          text && (
            <CloseButton size="xs" onClick={() => setText("")} aria-label={t("table.clear")} />
          )
        }
      />
      {states.length > 1 && (
        <Select
          size="xs"
          w={170}
          clearable
          value={props.wanted}
          onChange={props.setWanted}
          placeholder={t("table.allStates")}
          aria-label={t("table.state")}
          data={states.map(([state, many]) => ({ value: state, label: `${state} (${many})` }))}
        />
      )}
      {props.tools}
      <Text size="xs" c="dimmed" ml="auto" role="status">
        {count !== undefined &&
          (props.isComing
            ? t("table.coming", { count })
            : shown === count
              ? t("table.count", { count })
              : t("table.some", { shown, count }))}
      </Text>
    </Group>
  );
}

interface HeadProps<T> {
  columns: Column<T>[];
  sorting: Sorting | null;
  setSorting: (sorting: Sorting) => void;
  choice?: ReactNode;
  withMenu: boolean;
}

export function TableHead<T>({ columns, sorting, setSorting, choice, withMenu }: HeadProps<T>) {
  const { t } = useTranslation("parts");
  return (
    <Table.Thead className={classes.head}>
      <Table.Tr aria-rowindex={1}>
        {choice && <Table.Td>{choice}</Table.Td>}
        {columns.map((column) => {
          const mine = sorting?.key === column.key ? sorting : null;
          const Arrow = mine ? (mine.down ? IconArrowDown : IconArrowUp) : IconArrowsSort;
          return (
            <Table.Th
              key={column.key}
              data-align={column.align}
              aria-sort={mine ? (mine.down ? "descending" : "ascending") : undefined}
            >
              {column.value ? (
                <UnstyledButton
                  className={classes.sort}
                  data-sorted={Boolean(mine)}
                  onClick={() => setSorting({ key: column.key, down: mine ? !mine.down : false })}
                  title={t("table.sort", { column: column.header })}
                >
                  <span>{column.header}</span>
                  <Arrow size={13} aria-hidden />
                </UnstyledButton>
              ) : (
                column.header
              )}
            </Table.Th>
          );
        })}
        {withMenu && <Table.Td />}
      </Table.Tr>
    </Table.Thead>
  );
}

export function NothingMatches({ reset }: { reset: () => void }) {
  const { t } = useTranslation("parts");
  return (
    <Empty
      icon={IconZoomExclamation}
      title={t("table.none")}
      text={t("table.noneText")}
      action={
        <Button variant="default" size="xs" onClick={reset}>
          {t("table.reset")}
        </Button>
      }
    />
  );
}

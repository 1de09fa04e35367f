// The columns that most tables have. Each is sorted by and searched in as what it shows.
import { StateBadge } from "./StateBadge";
import type { Tone } from "./states";
import type { Column } from "./table_model";
import { parseTime } from "./times";
import { When } from "./When";
import { Words } from "./Words";

type Rest<T> = Omit<Column<T>, "value" | "cell">;

interface TextColumn<T> extends Rest<T> {
  text: (row: T) => string | null | undefined;
  mono?: boolean;
  strong?: boolean;
}

export function textColumn<T>({ text, mono, strong, ...rest }: TextColumn<T>): Column<T> {
  return {
    ...rest,
    value: text,
    cell: (row) => <Words text={text(row)} mono={mono} strong={strong} />,
  };
}

interface StateColumn<T> extends Rest<T> {
  state: (row: T) => string;
  /** Where the table in states.ts does not know the state. */
  tone?: (row: T) => Tone | undefined;
}

export function stateColumn<T>({ state, tone, ...rest }: StateColumn<T>): Column<T> {
  return {
    ...rest,
    value: state,
    cell: (row) => <StateBadge state={state(row)} tone={tone?.(row)} />,
  };
}

interface TimeColumn<T> extends Rest<T> {
  at: (row: T) => string | null;
}

export function timeColumn<T>({ at, ...rest }: TimeColumn<T>): Column<T> {
  const value = (row: T) => {
    const time = at(row);
    return time && parseTime(time);
  };
  return { ...rest, value, cell: (row) => <When at={at(row)} /> };
}

// What is known about one thing: names and values, as a description list.
import type { ReactNode } from "react";
import classes from "./Facts.module.css";

/** A value that is undefined, null, false or "" is shown as a dash; `false` leaves the row out. */
export type Fact = [name: string, value: ReactNode];

function isBlank(value: ReactNode): boolean {
  return value === undefined || value === null || value === false || value === "";
}

interface Props {
  facts: (Fact | false)[];
  /** As many columns as there is room for. */
  wide?: boolean;
}

export function Facts({ facts, wide = false }: Props) {
  return (
    <dl className={classes.facts} data-wide={wide}>
      {facts
        .filter((one) => one !== false)
        .map(([name, value]) => (
          <div key={name} className={classes.fact}>
            <dt>{name}</dt>
            <dd>{isBlank(value) ? "–" : value}</dd>
          </div>
        ))}
    </dl>
  );
}

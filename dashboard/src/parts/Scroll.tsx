// A box that scrolls by itself, and by the keyboard too.
import type { ReactNode } from "react";
import classes from "./Scroll.module.css";

export function Scroll({ label, children }: { label: string; children: ReactNode }) {
  return (
    // A region that scrolls must take the focus, or the keyboard cannot scroll it (WCAG 2.1.1).
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={classes.scroll} tabIndex={0} role="group" aria-label={label}>
      {children}
    </div>
  );
}

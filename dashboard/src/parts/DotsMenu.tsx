// The dots at the end of a row. What can be done is only made when somebody opens it: a menu for
// every row of a list would be most of the list's work.
import { Menu } from "@mantine/core";
import { IconDots } from "@tabler/icons-react";
import { type ReactNode, useRef, useState } from "react";
import classes from "./DotsMenu.module.css";

interface Props {
  /** Whose actions these are, for screen readers. */
  label: string;
  /** The menu's items. */
  items: () => ReactNode;
}

export function DotsMenu({ label, items }: Props) {
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const wasOpen = useRef(false);
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  return (
    <span className={classes.frame}>
      <button
        ref={button}
        type="button"
        className={classes.dots}
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        onPointerDown={() => (wasOpen.current = isOpen)}
        onClick={() => {
          setOpen(!wasOpen.current);
          wasOpen.current = false;
        }}
      >
        <IconDots size={18} aria-hidden />
      </button>
      {isOpen && (
        <Menu opened onClose={close} position="bottom-end" withinPortal>
          <Menu.Target>
            <span className={classes.anchor} />
          </Menu.Target>
          <Menu.Dropdown aria-label={label}>{items()}</Menu.Dropdown>
        </Menu>
      )}
    </span>
  );
}

// The menu of a node: what fits its state, by kind.
import { Button, Menu } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { Fragment } from "react";
import { useTranslation } from "react-i18next";
import { DotsMenu } from "../parts/DotsMenu";
import { type NodeRow, nameOf } from "./models";
import { useVerbs } from "./run_verb";
import { VERBS } from "./verbs";

const KINDS = ["provision", "power", "care"] as const;

/** As dots at the end of a row, or as a button with a word on the node's page. */
export function NodeMenu({ node, word }: { node: NodeRow; word?: string }) {
  const { t } = useTranslation("baremetal");
  const start = useVerbs();
  const items = () => {
    const fitting = VERBS.filter((verb) => verb.fits(node));
    const kinds = KINDS.filter((kind) => fitting.some((verb) => verb.kind === kind));
    return kinds.map((kind, number) => (
      <Fragment key={kind}>
        {number > 0 && <Menu.Divider />}
        {fitting
          .filter((verb) => verb.kind === kind)
          .map((verb) => (
            <Menu.Item
              key={verb.name}
              color={verb.danger ? "var(--unkai-bad)" : undefined}
              leftSection={<verb.icon size={16} aria-hidden />}
              onClick={() => start(verb, [node])}
            >
              {t(verb.label)}
            </Menu.Item>
          ))}
      </Fragment>
    ));
  };
  if (!word) return <DotsMenu label={t("actionsOf", { node: nameOf(node) })} items={items} />;
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <Button variant="default" rightSection={<IconChevronDown size={16} aria-hidden />}>
          {word}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>{items()}</Menu.Dropdown>
    </Menu>
  );
}

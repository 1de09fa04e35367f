// The `openstack` command that does the same, to learn from and to copy into a script.
import { Button, Code, Collapse, CopyButton, Group } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconTerminal2 } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import classes from "./ShowCli.module.css";

/** One command, or several that follow each other. */
export function ShowCli({ command }: { command: string | string[] }) {
  const { t } = useTranslation("parts");
  const [opened, { toggle }] = useDisclosure(false);
  const text = typeof command === "string" ? command : command.join("\n");
  return (
    <div className={classes.frame}>
      <Button
        variant="subtle"
        size="compact-sm"
        onClick={toggle}
        aria-expanded={opened}
        leftSection={<IconTerminal2 size={16} aria-hidden />}
      >
        {t(opened ? "cli.hide" : "cli.show")}
      </Button>
      <Collapse expanded={opened}>
        <Group gap="xs" align="flex-start" wrap="nowrap" mt={6}>
          <Code block className={classes.code} tabIndex={0}>
            {text}
          </Code>
          <CopyButton value={text}>
            {({ copied, copy }) => (
              <Button size="compact-sm" variant="default" onClick={copy} className={classes.copy}>
                {t(copied ? "copied" : "copy")}
              </Button>
            )}
          </CopyButton>
        </Group>
      </Collapse>
    </div>
  );
}

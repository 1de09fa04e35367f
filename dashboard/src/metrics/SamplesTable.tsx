// Every sample in words, newest first: for who cannot see the graphs, or wants to copy figures.
import { Table } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Scroll } from "../parts/Scroll";
import { GRAPHS, type Samples, amount } from "./model";
import classes from "./SamplesTable.module.css";

export function SamplesTable({ samples }: { samples: Samples }) {
  const { t, i18n } = useTranslation("metrics");
  const clock = new Intl.DateTimeFormat(i18n.language, { timeStyle: "medium" });
  const columns = GRAPHS.flatMap(({ name: graph, unit, series }) =>
    series.map((name) => ({ graph, unit, name })),
  );
  return (
    <div className={classes.table}>
      <Scroll label={t("table")}>
        <Table fz="sm" verticalSpacing={4} miw={900} stickyHeader aria-label={t("table")}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("at")}</Table.Th>
              {columns.map(({ graph, name }) => (
                <Table.Th key={name} ta="right">
                  {t(`graph.${graph}`)}: {t(`series.${name}`)}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {samples.at
              .map((at, index) => (
                <Table.Tr key={at}>
                  <Table.Td>{clock.format(at * 1000)}</Table.Td>
                  {columns.map(({ name, unit }) => (
                    <Table.Td key={name} ta="right">
                      {amount(samples.series[name]?.[index] ?? 0, unit)}
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))
              .reverse()}
          </Table.Tbody>
        </Table>
      </Scroll>
    </div>
  );
}

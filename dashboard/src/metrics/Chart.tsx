// Lines over time, by uPlot, in the page's colours. What it shows is also there as words and as a
// table, so to a screen reader it is one picture.
import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import UPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import classes from "./Chart.module.css";
import { LINES } from "./lines";

interface Props {
  label: string;
  /** Moments in seconds since 1970, and a line for each series. */
  data: [number[], ...(number | null)[][]];
  /** The upper end of the scale; without it, what the lines need. */
  most?: number;
  words: (value: number) => string;
  steps?: number[];
}

const HEIGHT = 170;

export default function Chart({ label, data, most, words, steps }: Props) {
  const { i18n } = useTranslation();
  const scheme = useComputedColorScheme("light");
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | null>(null);
  const lines = data.length - 1;
  const latest = useRef(data);

  useEffect(() => {
    const box = place.current;
    if (!box) return;
    const clock = new Intl.DateTimeFormat(i18n.language, { hour: "2-digit", minute: "2-digit" });
    const made = new UPlot(
      optionsOf(box, lines, (second) => clock.format(second * 1000), words, most, steps),
      latest.current,
      box,
    );
    plot.current = made;
    const sized = new ResizeObserver(() =>
      made.setSize({ width: box.clientWidth, height: HEIGHT }),
    );
    sized.observe(box);
    return () => {
      sized.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [scheme, i18n.language, lines, words, most, steps]);

  useEffect(() => {
    latest.current = data;
    plot.current?.setData(data);
  }, [data]);

  return <div ref={place} className={classes.chart} role="img" aria-label={label} />;
}

function optionsOf(
  box: HTMLElement,
  lines: number,
  clock: (second: number) => string,
  words: (value: number) => string,
  most: number | undefined,
  steps: number[] | undefined,
): UPlot.Options {
  const style = getComputedStyle(box);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour("--mantine-color-dimmed"),
    grid: { stroke: colour("--unkai-line"), width: 1 },
    ticks: { show: false },
    font: "11px system-ui, sans-serif",
  };
  return {
    width: box.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { sync: { key: "metrics" }, drag: { x: false, y: false }, y: false },
    scales: { y: { range: (_plot, _least, greatest) => [0, most ?? Math.max(1, greatest * 1.1)] } },
    axes: [
      { ...axis, values: (_plot, splits) => splits.map(clock), space: 64, size: 26 },
      { ...axis, values: (_plot, splits) => splits.map(words), size: 72, space: 32, incrs: steps },
    ],
    series: [
      {},
      ...LINES.slice(0, lines).map(({ variable, dash }) => ({
        stroke: colour(variable),
        width: 2,
        dash: [...dash],
        points: { show: false },
        spanGaps: false,
      })),
    ],
  };
}

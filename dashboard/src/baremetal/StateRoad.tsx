// The way of a node, drawn: four stations, and where between or beside them it is now.
import { Text } from "@mantine/core";
import { IconArrowRight } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { When } from "../parts/When";
import { Provision, toneOfNode } from "./NodeStates";
import classes from "./StateRoad.module.css";
import type { MetalNode } from "./models";
import { STATIONS, wayOf } from "./states";

export function StateRoad({ node }: { node: MetalNode }) {
  const { t } = useTranslation("baremetal");
  const way = wayOf(node.provision_state);
  const at = STATIONS.find((one) => one === node.provision_state);
  const span = [STATIONS.indexOf(way.from), STATIONS.indexOf(way.to)].sort((a, b) => a - b);
  const [low = 0, high = 0] = span;
  return (
    <ol className={classes.road} aria-label={t("road")}>
      {STATIONS.map((station, number) => {
        const here = station === at;
        const beside = !at && low === high && station === way.from;
        const crossed = !at && number >= low && number < high;
        const back = STATIONS.indexOf(way.from) > STATIONS.indexOf(way.to);
        return (
          <li key={station} className={classes.stage}>
            <div
              className={classes.station}
              data-here={here || beside || undefined}
              data-tone={beside ? toneOfNode(node) : undefined}
              aria-current={here ? "step" : undefined}
            >
              <span className={classes.name}>{station}</span>
              <Text size="xs" c="dimmed">
                {t(`station.${station}`)}
              </Text>
              {(here || beside) && (
                <Text size="xs" component="div" className={classes.now}>
                  {beside && <Provision node={node} />}
                  <When at={node.provision_updated_at} />
                </Text>
              )}
            </div>
            {number < STATIONS.length - 1 && (
              <div className={classes.link} data-crossed={crossed || undefined}>
                <IconArrowRight
                  size={18}
                  aria-hidden
                  className={crossed && back ? classes.back : classes.arrow}
                />
                {crossed && number === low && (
                  <Text size="xs" component="div" className={classes.now}>
                    <Provision node={node} />
                    <When at={node.provision_updated_at} />
                  </Text>
                )}
              </div>
            )}
          </li>
        );
      })}
    </ol>
  );
}

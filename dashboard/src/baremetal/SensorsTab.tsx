// Temperatures, fans, voltages and watts, read from the BMC while somebody looks.
import { Sensors } from "../metrics/Sensors";
import type { MetalNode } from "./models";

export function SensorsTab({ node }: { node: MetalNode }) {
  return <Sensors uuid={node.uuid} />;
}

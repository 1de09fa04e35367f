// What was measured of a server or a compute host, and of a machine by its BMC.
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { take, unkai } from "../api/clients";
import { type OneSpec, useOne } from "../api/queries";
import { type Samples, merged } from "./model";

export interface Measured {
  kind: "server" | "host";
  id: string;
}

type Answer = { metrics: Samples };

function asked({ kind, id }: Measured, since: number): Promise<Answer> {
  const query = { since };
  return take<Answer>(
    kind === "server"
      ? unkai.GET("/servers/{server_id}/metrics", { params: { path: { server_id: id }, query } })
      : unkai.GET("/hosts/{host_name}/metrics", { params: { path: { host_name: id }, query } }),
  );
}

/** The last hour; asked again, only what came since. */
function samplesOf(of: Measured, client: QueryClient): OneSpec<Samples> {
  const queryKey = ["unkai", "metrics", of.kind, of.id];
  return {
    queryKey,
    queryFn: async () => {
      const known = client.getQueryData<Samples>(queryKey);
      return merged(known, (await asked(of, known?.at.at(-1) ?? 0)).metrics);
    },
  };
}

const EVERY_MS = 5000;

export function useSamples(of: Measured) {
  return useOne(samplesOf(of, useQueryClient()), { every: EVERY_MS });
}

export interface Sensor {
  type: string;
  name: string;
  value: number | null;
  unit: string;
  status: string;
}

export function sensorsOf(uuid: string): OneSpec<Sensor[]> {
  return {
    queryKey: ["unkai", "metrics", "node", uuid],
    queryFn: async () => {
      const params = { path: { node_ident: uuid } };
      const found = await take<{ metrics: { sensors: Sensor[] } }>(
        unkai.GET("/nodes/{node_ident}/metrics", { params }),
      );
      return found.metrics.sensors;
    },
  };
}

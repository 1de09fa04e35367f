// What pages about aggregates ask for and change.
import { compute, done, take } from "../api/clients";
import { keys } from "../api/keys";
import type { ListSpec, OneSpec } from "../api/queries";
import type { Aggregate } from "./models";

/** Metadata that is shown and set as the aggregate's zone. */
export const ZONE = "availability_zone";

/** What was said of it beside its zone. */
export function ownMetadata(aggregate: Aggregate): Record<string, string> {
  return Object.fromEntries(Object.entries(aggregate.metadata).filter(([key]) => key !== ZONE));
}

const at = (id: number | string) => ({ params: { path: { aggregate_id: String(id) } } });

export function aggregateList(): ListSpec<Aggregate> {
  return {
    queryKey: [...keys.aggregates, "list"],
    page: async () => {
      const found = await take<{ aggregates: Aggregate[] }>(compute.GET("/os-aggregates"));
      return { items: found.aggregates };
    },
  };
}

export function aggregateOne(id: string): OneSpec<Aggregate> {
  return {
    queryKey: [...keys.aggregates, "one", id],
    queryFn: async () => {
      const asked = compute.GET("/os-aggregates/{aggregate_id}", at(id));
      return (await take<{ aggregate: Aggregate }>(asked)).aggregate;
    },
  };
}

/** null: in no zone of its own. */
export interface AggregateSaid {
  name: string;
  availability_zone: string | null;
}

export function createAggregate(aggregate: AggregateSaid): Promise<void> {
  return done(compute.POST("/os-aggregates", { body: { aggregate } as never }));
}

export function updateAggregate(id: number, aggregate: AggregateSaid): Promise<void> {
  const body = { aggregate } as never;
  return done(compute.PUT("/os-aggregates/{aggregate_id}", { ...at(id), body }));
}

export function removeAggregate(id: number): Promise<void> {
  return done(compute.DELETE("/os-aggregates/{aggregate_id}", at(id)));
}

function act(id: number, body: Record<string, unknown>): Promise<void> {
  const url = "/os-aggregates/{aggregate_id}/action";
  return done(compute.POST(url, { ...at(id), body: body as never }));
}

export function addHost(id: number, host: string): Promise<void> {
  return act(id, { add_host: { host } });
}

export function removeHost(id: number, host: string): Promise<void> {
  return act(id, { remove_host: { host } });
}

/** null takes a key away. */
export function setMetadata(id: number, metadata: Record<string, string | null>): Promise<void> {
  return act(id, { set_metadata: { metadata } });
}

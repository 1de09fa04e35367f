// Whether to show the way to the nodes: administrators see all, a project those it owns or leases.
import { useQuery } from "@tanstack/react-query";
import { baremetal, take } from "../api/clients";
import { keys } from "../api/keys";
import { type Session, isAdmin } from "../api/session";

const FRESH_MS = 60_000;

export function useHasNodes(session: Session | null): boolean {
  const admin = isAdmin(session);
  const asked = useQuery({
    queryKey: [...keys.nodes, "any", session?.project?.id],
    queryFn: async () => {
      const query = { limit: 1, fields: "uuid" } as never;
      const found = await take<{ nodes: unknown[] }>(
        baremetal.GET("/nodes", { params: { query } }),
      );
      return found.nodes.length > 0;
    },
    enabled: Boolean(session?.project) && !admin,
    staleTime: FRESH_MS,
    retry: false,
  });
  return admin || asked.data === true;
}

// What a launch would do, asked without doing it.
import { take, unkai } from "../api/clients";
import { keys } from "../api/keys";
import type { OneSpec } from "../api/queries";

export interface Rehearsal {
  servers: { name: string; fits: boolean; host: string | null; fault: string | null }[];
  expected_boot: { median_s: number; p95_s: number; samples: number } | null;
}

/** body: that of `POST /servers`, as JSON: it is the name of the answer, too. */
export function rehearsal(body: string): OneSpec<Rehearsal> {
  return {
    queryKey: [...keys.placements, "rehearsal", body],
    queryFn: async () => {
      const asked = unkai.POST("/servers/dry-run", { body: JSON.parse(body) as never });
      return (await take<{ dry_run: Rehearsal }>(asked)).dry_run;
    },
  };
}

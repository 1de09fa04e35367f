// JSON patches: only what is other than before.
import type { Info, Operation } from "./models";

export type Fields = Record<string, unknown>;

/** Operations that make the thing's fields as `said` has them. */
export function patchOf(before: object, said: Fields): Operation[] {
  const known = before as Fields;
  return Object.entries(said)
    .filter(([key, value]) => JSON.stringify(known[key] ?? null) !== JSON.stringify(value ?? null))
    .map(([key, value]) =>
      value === null || value === undefined
        ? { op: "remove", path: `/${key}` }
        : { op: "add", path: `/${key}`, value },
    );
}

function escaped(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}

/** The same for the keys of one field that holds words; "" takes a key away. */
export function patchInside(field: string, before: Info, said: Info): Operation[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(said)])];
  return keys.flatMap((key): Operation[] => {
    const path = `/${field}/${escaped(key)}`;
    const value = said[key];
    const gone = value === undefined || value === "";
    if (gone) return key in before ? [{ op: "remove", path }] : [];
    if (JSON.stringify(before[key]) === JSON.stringify(value)) return [];
    return [{ op: "add", path, value }];
  });
}

const SECRET = /password|secret|token|snmp_auth_key|snmp_priv_key|kg_key/i;

export function isSecret(key: string): boolean {
  return SECRET.test(key);
}

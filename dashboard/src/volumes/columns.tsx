// The columns that lists of volumes, snapshots and backups share.
import { TextLink } from "../parts/links";
import { StateBadge } from "../parts/StateBadge";
import type { Column } from "../parts/table_model";
import { Words } from "../parts/Words";

interface Sized {
  size: number;
}

export function sizeColumn<T extends Sized>(header: string): Column<T> {
  return {
    key: "size",
    header,
    width: "96px",
    from: 520,
    align: "right",
    value: (one) => one.size,
    cell: (one) => `${one.size} GiB`,
  };
}

/** The volume a thing is of; gone volumes are known by their id alone. */
export function volumeColumn<T extends { volume_id: string }>(
  header: string,
  names: Map<string, string>,
): Column<T> {
  const name = (one: T) => names.get(one.volume_id) ?? one.volume_id.slice(0, 8);
  return {
    key: "volume",
    header,
    width: "24%",
    from: 700,
    value: name,
    cell: (one) =>
      names.has(one.volume_id) ? (
        <TextLink to="/volumes/$volumeId" params={{ volumeId: one.volume_id }} title={name(one)}>
          {name(one)}
        </TextLink>
      ) : (
        <Words text={name(one)} mono />
      ),
  };
}

interface Status {
  status: string;
  fail_reason?: string | null;
}

/** Pointing at a failure says why. */
export function statusColumn<T extends Status>(header: string, narrow: boolean): Column<T> {
  return {
    key: "status",
    header,
    width: narrow ? "37%" : "18%",
    value: (one) => one.status,
    cell: (one) => (
      <span title={one.fail_reason ?? undefined}>
        <StateBadge state={one.status} />
      </span>
    ),
  };
}

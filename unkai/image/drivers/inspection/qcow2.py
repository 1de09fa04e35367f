"""qcow2: a disk that stands alone. No backing file, no external data, nothing we do not know."""

from __future__ import annotations

from unkai.image.drivers.inspection.source import Refused, Source, sane_disk

DIRTY, CORRUPT, EXTERNAL_DATA, COMPRESSION_TYPE, EXTENDED_L2 = (1 << bit for bit in range(5))
KNOWN_INCOMPATIBLE = DIRTY | CORRUPT | EXTERNAL_DATA | COMPRESSION_TYPE | EXTENDED_L2
END_OF_EXTENSIONS = 0
BACKING_FORMAT = 0xE2792ACA
ENCRYPTION = 0x0537BE77
DATA_FILE_NAME = 0x44415441
L1_ENTRIES_MAX = 4 << 20
"""32 MiB of table, as QEMU accepts."""


def check(source: Source) -> int:
    """The virtual size in bytes; Refused if it is not safe to open."""
    (_, version, backing_at, backing_length, cluster_bits, size, crypt, l1_entries, l1_at) = (
        source.unpack(">4sIQIIQIIQ", 0)
    )
    (refcounts_at, refcount_clusters, snapshots, snapshots_at) = source.unpack(">QIIQ", 48)
    if version not in (2, 3):
        raise Refused(f"qcow2 version {version} is not known")
    if backing_at or backing_length:
        raise Refused("it names a backing file")
    if crypt:
        raise Refused("it is encrypted")
    if not 9 <= cluster_bits <= 21:
        raise Refused(f"its cluster size of 2^{cluster_bits} bytes is not possible")
    cluster = 1 << cluster_bits
    sane_disk(size)
    header_length, entry_bytes = 72, 8
    if version == 3:
        header_length, entry_bytes = _check_features(source, cluster_bits)
    _check_extensions(source, header_length, cluster)
    if l1_entries > L1_ENTRIES_MAX:
        raise Refused(f"its L1 table of {l1_entries} entries is too large")
    covered = l1_entries * (cluster // entry_bytes) * cluster
    if size > covered:
        raise Refused("its L1 table is too small for its virtual size")
    _check_place(source, "L1 table", l1_at, l1_entries * 8, cluster)
    _check_place(source, "refcount table", refcounts_at, refcount_clusters * cluster, cluster)
    if refcounts_at == 0:
        raise Refused("it has no refcount table")
    if snapshots > 65536:
        raise Refused(f"it has {snapshots} snapshots")
    if snapshots:
        _check_place(source, "snapshot table", snapshots_at, snapshots * 40, cluster)
    return size


def _check_features(source: Source, cluster_bits: int) -> tuple[int, int]:
    """Header length and bytes of an L2 entry of a version 3 file."""
    (incompatible, _, _, refcount_order, header_length) = source.unpack(">QQQII", 72)
    if incompatible & EXTERNAL_DATA:
        raise Refused("it keeps its data in an external data file")
    if incompatible & ~KNOWN_INCOMPATIBLE:
        raise Refused(f"it uses unknown incompatible features ({incompatible:#x})")
    if incompatible & (DIRTY | CORRUPT):
        raise Refused("it was not closed cleanly; qemu-img check repairs it")
    if refcount_order > 6:
        raise Refused(f"its refcounts of 2^{refcount_order} bits are not possible")
    if not 104 <= header_length <= 1 << cluster_bits or header_length % 8:
        raise Refused(f"its header length of {header_length} bytes is not possible")
    compression = source.read(104, 1)[0] if header_length > 104 else 0
    if bool(incompatible & COMPRESSION_TYPE) != bool(compression) or compression > 1:
        raise Refused(f"its compression type {compression} is not known")
    if not incompatible & EXTENDED_L2:
        return header_length, 8
    if cluster_bits < 14:
        raise Refused("extended L2 entries need clusters of 16 KiB or more")
    return header_length, 16


def _check_extensions(source: Source, at: int, end: int) -> None:
    refused = {
        BACKING_FORMAT: "it names the format of a backing file",
        ENCRYPTION: "it is encrypted",
        DATA_FILE_NAME: "it names an external data file",
    }
    while at + 8 <= min(end, source.size):
        kind, length = source.unpack(">II", at)
        if kind == END_OF_EXTENSIONS:
            return
        if kind in refused:
            raise Refused(refused[kind])
        at += 8 + (length + 7) // 8 * 8
        if at > end:
            raise Refused("a header extension reaches beyond its first cluster")


def _check_place(source: Source, what: str, at: int, length: int, cluster: int) -> None:
    if length == 0:
        return
    if at % cluster or at == 0:
        raise Refused(f"its {what} is not at a cluster's start")
    if at + length > source.size + cluster:
        raise Refused(f"its {what} lies beyond its end")

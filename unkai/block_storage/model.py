"""What the service speaks of, in the words of the Block Storage API v3 reference.

Sizes are GiB as in the API; what drivers are told is bytes. Timestamps are seconds since 1970.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

GIB: Final = 1 << 30
ZONE: Final = "nova"
DEFAULT_TYPE: Final = "__DEFAULT__"
"""The volume type of who names none, made with the cloud."""
VENDOR: Final = "Open Source"
LUN: Final = 1
"""Of every export."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """hold: which work has its data in hand ("snapshot/<id>"), while its status does not say so."""

    id: str
    project_id: str
    user_id: str
    size: int
    status: str
    name: str | None = None
    description: str | None = None
    bootable: bool = False
    readonly: bool | None = None
    multiattach: bool = False
    encrypted: bool = False
    encryption_key_id: str | None = None
    consumes_quota: bool = True
    volume_type_id: str | None = None
    availability_zone: str = ZONE
    host: str | None = None
    snapshot_id: str | None = None
    source_volid: str | None = None
    backup_id: str | None = None
    group_id: str | None = None
    migration_status: str | None = None
    previous_status: str | None = None
    hold: str | None = None
    created_at: float = 0.0
    updated_at: float | None = None
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    image_metadata: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    id: str
    volume_id: str
    project_id: str
    user_id: str
    size: int
    status: str
    name: str | None = None
    description: str | None = None
    progress: str = "0%"
    group_snapshot_id: str | None = None
    consumes_quota: bool = True
    created_at: float = 0.0
    updated_at: float | None = None
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeType:
    id: str
    name: str
    description: str | None = None
    is_public: bool = True
    extra_specs: Mapping[str, str] = field(default_factory=dict[str, str])
    qos_specs_id: str | None = None
    encryption: Mapping[str, object] | None = None
    created_at: float = 0.0
    updated_at: float | None = None

    @property
    def multiattach(self) -> bool:
        return self.extra_specs.get("multiattach", "") == "<is> True"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A volume's tie to a server or a host. attach_status: reserved, attaching, attached.

    guarded: made by compute, which alone may end it.
    """

    id: str
    volume_id: str
    project_id: str
    attach_status: str
    instance_id: str | None = None
    attach_mode: str = "rw"
    attached_host: str | None = None
    mountpoint: str | None = None
    guarded: bool = False
    connector: Mapping[str, object] | None = None
    attached_at: float | None = None
    created_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Portal:
    """Where an export is reached: a network's machines, by its id, or "" who reaches the cloud.

    address: ours there.
    """

    network_id: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A volume as an iSCSI target: at most one a volume, with a secret of its own each time.

    attachment_id: None where a connection was asked for without one. initiator: who alone may log
    in. network_id, address: the portal's.
    """

    volume_id: str
    attachment_id: str | None
    network_id: str
    address: str
    port: int
    initiator: str
    username: str
    password: str = field(repr=False)
    read_only: bool = False
    created_at: float = 0.0

    @property
    def target_iqn(self) -> str:
        return f"iqn.2010-10.org.openstack:volume-{self.volume_id}"

    @property
    def target(self) -> dict[str, str]:
        """What an initiator needs, in Cinder's words."""
        return {
            "target_portal": f"{self.address}:{self.port}",
            "target_iqn": self.target_iqn,
            "target_lun": str(LUN),
            "auth_method": "CHAP",
            "auth_username": self.username,
            "auth_password": self.password,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """An offer of a volume to whoever knows its key. crypt_hash: of the key, with `salt`."""

    id: str
    volume_id: str
    name: str | None
    salt: str
    crypt_hash: str
    source_project_id: str
    destination_project_id: str | None = None
    accepted: bool = False
    no_snapshots: bool = False
    created_at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """parent_id: the backup this one tells the differences to. data_id: under which its data lies.

    facts: what a volume made of it is to be: bootable, image_metadata, name; its key_bits.
    """

    id: str
    volume_id: str
    project_id: str
    user_id: str
    size: int
    status: str
    name: str | None = None
    description: str | None = None
    container: str | None = None
    snapshot_id: str | None = None
    encryption_key_id: str | None = None
    parent_id: str | None = None
    data_id: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])
    object_count: int = 0
    availability_zone: str = ZONE
    fail_reason: str | None = None
    data_timestamp: float = 0.0
    created_at: float = 0.0
    updated_at: float | None = None
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupType:
    id: str
    name: str
    description: str | None = None
    is_public: bool = True
    group_specs: Mapping[str, str] = field(default_factory=dict[str, str])
    created_at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Volumes that are frozen, copied and deleted together."""

    id: str
    project_id: str
    user_id: str
    status: str
    group_type_id: str
    volume_type_ids: Sequence[str] = ()
    name: str | None = None
    description: str | None = None
    group_snapshot_id: str | None = None
    source_group_id: str | None = None
    created_at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSnapshot:
    """A snapshot of each volume of a group."""

    id: str
    group_id: str
    group_type_id: str
    project_id: str
    user_id: str
    status: str
    name: str | None = None
    description: str | None = None
    created_at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a user is told of work that failed after its answer."""

    id: str
    project_id: str
    request_id: str
    resource_type: str
    resource_uuid: str
    event_id: str
    user_message: str
    message_level: str = "ERROR"
    created_at: float = 0.0
    guaranteed_until: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class QosSpecs:
    """consumer: front-end (the hypervisor obeys), back-end, both."""

    id: str
    name: str
    consumer: str = "back-end"
    specs: Mapping[str, str] = field(default_factory=dict[str, str])
    created_at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What an administrator said of one binary on one host."""

    binary: str
    host: str
    disabled: bool = False
    disabled_reason: str | None = None
    frozen: bool = False
    updated_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition. how: eq, like, in, gt, gte, lt, lte, neq; or user, image (of metadata)."""

    field: str
    value: object
    how: str = "eq"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuery:
    """A page. project_id: None is every project's. sort: pairs of a column and "asc" or "desc"."""

    project_id: str | None
    filters: tuple[Filter, ...] = ()
    sort: tuple[tuple[str, str], ...] = (("created_at", "desc"),)
    marker: str | None = None
    limit: int = 1000
    offset: int = 0

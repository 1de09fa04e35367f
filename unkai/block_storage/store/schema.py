"""The tables of block storage. Rows go when what they stand for goes."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text

from unkai.kit.db import Announced, Json, announce, metadata

volume_types = Table(
    "volume_types",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(255), nullable=False, unique=True),
    Column("description", Text),
    Column("is_public", Boolean, nullable=False),
    Column("extra_specs", Json, nullable=False),
    Column("qos_specs_id", String(36)),
    Column("encryption", Json),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float),
    Index("volume_types_created_at", "created_at"),
)

volume_type_access = Table(
    "volume_type_access",
    metadata,
    Column("volume_type_id", String(36), ForeignKey("volume_types.id", ondelete="CASCADE")),
    Column("project_id", String(255), nullable=False),
    Index("volume_type_access_pair", "volume_type_id", "project_id", unique=True),
    Index("volume_type_access_project", "project_id"),
)

default_volume_types = Table(
    "default_volume_types",
    metadata,
    Column("project_id", String(255), primary_key=True),
    Column("volume_type_id", String(36), ForeignKey("volume_types.id", ondelete="CASCADE")),
)

qos_specs = Table(
    "volume_qos_specs",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(255), nullable=False, unique=True),
    Column("consumer", String(16), nullable=False),
    Column("specs", Json, nullable=False),
    Column("created_at", Float, nullable=False),
)

volumes = Table(
    "volumes",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project_id", String(255), nullable=False),
    Column("user_id", String(64), nullable=False),
    Column("name", String(255)),
    Column("description", Text),
    Column("size", Integer, nullable=False),
    Column("status", String(32), nullable=False),
    Column("previous_status", String(32)),
    Column("bootable", Boolean, nullable=False),
    Column("readonly", Boolean),
    Column("multiattach", Boolean, nullable=False),
    Column("encrypted", Boolean, nullable=False),
    Column("encryption_key_id", String(36)),
    Column("consumes_quota", Boolean, nullable=False),
    Column("volume_type_id", String(36), ForeignKey("volume_types.id")),
    Column("availability_zone", String(255), nullable=False),
    Column("host", String(255)),
    Column("snapshot_id", String(36)),
    Column("source_volid", String(36)),
    Column("backup_id", String(36)),
    Column("group_id", String(36)),
    Column("migration_status", String(32)),
    Column("hold", String(80)),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float),
    Index("volumes_project", "project_id", "created_at"),
    Index("volumes_created_at", "created_at"),
    Index("volumes_status", "status"),
    Index("volumes_name", "name"),
    Index("volumes_type", "volume_type_id"),
    Index("volumes_group", "group_id"),
    Index("volumes_snapshot", "snapshot_id"),
    Index("volumes_key", "encryption_key_id"),
)

keys = Table(
    "volume_keys",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("created_at", Float, nullable=False),
)

volume_metadata = Table(
    "volume_metadata",
    metadata,
    Column("volume_id", String(36), ForeignKey("volumes.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(8), primary_key=True),  # user: what users say; image: of its image
    Column("name", String(255), primary_key=True),
    Column("value", Text, nullable=False),
    Index("volume_metadata_name", "name"),
)

volume_attachments = Table(
    "volume_attachments",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("volume_id", String(36), ForeignKey("volumes.id", ondelete="CASCADE"), nullable=False),
    Column("project_id", String(255), nullable=False),
    Column("instance_id", String(36)),
    Column("attach_status", String(16), nullable=False),
    Column("attach_mode", String(4), nullable=False),
    Column("attached_host", String(255)),
    Column("mountpoint", String(255)),
    Column("guarded", Boolean, nullable=False),
    Column("connector", Json),
    Column("attached_at", Float),
    Column("created_at", Float, nullable=False),
    Index("volume_attachments_volume", "volume_id"),
    Index("volume_attachments_instance", "instance_id"),
    Index("volume_attachments_project", "project_id", "created_at"),
)

exports = Table(
    "volume_exports",
    metadata,
    Column("volume_id", String(36), ForeignKey("volumes.id", ondelete="CASCADE"), primary_key=True),
    Column("attachment_id", String(36)),
    Column("network_id", String(36), nullable=False),  # "": the cloud's own portal
    Column("address", String(64), nullable=False),
    Column("port", Integer, nullable=False),
    Column("initiator", String(255), nullable=False),
    Column("username", String(64), nullable=False),
    Column("password", String(64), nullable=False),
    Column("read_only", Boolean, nullable=False),
    Column("created_at", Float, nullable=False),
    Index("volume_exports_place", "network_id", "port", unique=True),
)

snapshots = Table(
    "volume_snapshots",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("volume_id", String(36), ForeignKey("volumes.id"), nullable=False),
    Column("project_id", String(255), nullable=False),
    Column("user_id", String(64), nullable=False),
    Column("name", String(255)),
    Column("description", Text),
    Column("size", Integer, nullable=False),
    Column("status", String(32), nullable=False),
    Column("progress", String(8), nullable=False),
    Column("group_snapshot_id", String(36)),
    Column("consumes_quota", Boolean, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float),
    Index("volume_snapshots_volume", "volume_id", "created_at"),
    Index("volume_snapshots_project", "project_id", "created_at"),
    Index("volume_snapshots_created_at", "created_at"),
    Index("volume_snapshots_group", "group_snapshot_id"),
)

snapshot_metadata = Table(
    "volume_snapshot_metadata",
    metadata,
    Column(
        "snapshot_id",
        String(36),
        ForeignKey("volume_snapshots.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("name", String(255), primary_key=True),
    Column("value", Text, nullable=False),
)

transfers = Table(
    "volume_transfers",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("volume_id", String(36), ForeignKey("volumes.id", ondelete="CASCADE"), nullable=False),
    Column("name", String(255)),
    Column("salt", String(64), nullable=False),
    Column("crypt_hash", String(128), nullable=False),
    Column("source_project_id", String(255), nullable=False),
    Column("destination_project_id", String(255)),
    Column("accepted", Boolean, nullable=False),
    Column("no_snapshots", Boolean, nullable=False),
    Column("created_at", Float, nullable=False),
    Index("volume_transfers_volume", "volume_id"),
    Index("volume_transfers_project", "source_project_id"),
)

backups = Table(
    "volume_backups",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("volume_id", String(36), nullable=False),
    Column("project_id", String(255), nullable=False),
    Column("user_id", String(64), nullable=False),
    Column("name", String(255)),
    Column("description", Text),
    Column("container", String(255)),
    Column("size", Integer, nullable=False),
    Column("status", String(32), nullable=False),
    Column("snapshot_id", String(36)),
    Column("encryption_key_id", String(36)),
    Column("parent_id", String(36)),
    Column("data_id", String(36), nullable=False),
    Column("facts", Json, nullable=False),
    Column("object_count", Integer, nullable=False),
    Column("availability_zone", String(255), nullable=False),
    Column("fail_reason", Text),
    Column("metadata", Json, nullable=False),
    Column("data_timestamp", Float, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float),
    Index("volume_backups_project", "project_id", "created_at"),
    Index("volume_backups_volume", "volume_id", "created_at"),
    Index("volume_backups_parent", "parent_id"),
    Index("volume_backups_data", "data_id"),
    Index("volume_backups_key", "encryption_key_id"),
)

messages = Table(
    "volume_messages",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project_id", String(255), nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("resource_type", String(32), nullable=False),
    Column("resource_uuid", String(36), nullable=False),
    Column("event_id", String(64), nullable=False),
    Column("user_message", Text, nullable=False),
    Column("message_level", String(16), nullable=False),
    Column("created_at", Float, nullable=False),
    Column("guaranteed_until", Float, nullable=False),
    Index("volume_messages_project", "project_id", "created_at"),
    Index("volume_messages_until", "guaranteed_until"),
)

group_types = Table(
    "volume_group_types",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(255), nullable=False, unique=True),
    Column("description", Text),
    Column("is_public", Boolean, nullable=False),
    Column("group_specs", Json, nullable=False),
    Column("created_at", Float, nullable=False),
)

groups = Table(
    "volume_groups",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project_id", String(255), nullable=False),
    Column("user_id", String(64), nullable=False),
    Column("name", String(255)),
    Column("description", Text),
    Column("status", String(32), nullable=False),
    Column("group_type_id", String(36), ForeignKey("volume_group_types.id"), nullable=False),
    Column("volume_type_ids", Json, nullable=False),
    Column("group_snapshot_id", String(36)),
    Column("source_group_id", String(36)),
    Column("created_at", Float, nullable=False),
    Index("volume_groups_project", "project_id", "created_at"),
    Index("volume_groups_type", "group_type_id"),
)

group_snapshots = Table(
    "volume_group_snapshots",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("group_id", String(36), nullable=False),
    Column("group_type_id", String(36), nullable=False),
    Column("project_id", String(255), nullable=False),
    Column("user_id", String(64), nullable=False),
    Column("name", String(255)),
    Column("description", Text),
    Column("status", String(32), nullable=False),
    Column("created_at", Float, nullable=False),
    Index("volume_group_snapshots_project", "project_id", "created_at"),
    Index("volume_group_snapshots_group", "group_id"),
)

quotas = Table(
    "volume_quotas",
    metadata,
    Column("project_id", String(255), primary_key=True),
    Column("resource", String(255), primary_key=True),
    Column("hard_limit", Integer, nullable=False),
)

hosts = Table(
    "volume_hosts",
    metadata,
    Column("binary", String(32), primary_key=True),
    Column("host", String(255), primary_key=True),
    Column("disabled", Boolean, nullable=False),
    Column("disabled_reason", String(255)),
    Column("frozen", Boolean, nullable=False),
    Column("updated_at", Float, nullable=False),
)

announce(volumes, Announced("volume"))
announce(volume_attachments, Announced("volume", key="row.volume_id", as_changed=True))
announce(snapshots, Announced("snapshot", about="row.volume_id"))
announce(backups, Announced("backup", about="row.volume_id"))
announce(volume_types, Announced("volume_type", project="null", everyone="row.is_public"))
announce(quotas, Announced("quota", key="row.project_id", as_changed=True))

"""The tables of compute.

A server is one row: what belongs to it alone and is never searched for (its flavor as it was, its
metadata, its NICs) lies in JSON columns of it, so that a list of servers is one query.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from unkai.kit.db import Announced, Json, announce, metadata

servers = Table(
    "servers",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project_id", String(64), nullable=False),
    Column("user_id", String(64), nullable=False),
    Column("name", String(255), nullable=False),
    Column("description", String(255)),
    Column("hostname", String(255), nullable=False),
    Column("vm_state", String(16), nullable=False),
    Column("task_state", String(32)),
    Column("power_state", Integer, nullable=False),
    Column("host", String(255)),
    Column("availability_zone", String(255)),  # as asked for
    Column("image_id", String(36)),
    Column("image", Json),  # hypervisor.model.ImageRef
    Column("flavor_id", String(255), nullable=False),
    Column("flavor", Json, nullable=False),  # as it was when the server was made
    Column("vcpus", Integer, nullable=False),
    Column("memory_mib", Integer, nullable=False),
    Column("metadata", Json, nullable=False),
    Column("key_name", String(255)),
    Column("key", Json),  # type and public key
    Column("user_data", Text),  # base64, as given
    Column("config_drive", Boolean, nullable=False),
    Column("access_ip_v4", String(39), nullable=False),
    Column("access_ip_v6", String(45), nullable=False),
    Column("disk_config", String(8), nullable=False),
    Column("locked_by", String(8)),  # owner or admin; NULL: not locked
    Column("locked_reason", String(255)),
    Column("reservation_id", String(32), nullable=False),
    Column("launch_index", Integer, nullable=False),
    Column("nics", Json, nullable=False),  # in the order the guest sees them
    Column("volumes", Json, nullable=False),  # the root's first
    Column("requested", Json, nullable=False),  # scheduler hints, security groups, host
    Column("server_group_id", String(36)),
    Column("fault", Json),
    Column("password", Text),  # as the guest posted it, encrypted with its key
    Column("generation", Integer, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
    Column("launched_at", Float),
    Column("terminated_at", Float),
    Column("deleted_at", Float),  # NULL: it exists
    Index("servers_project", "project_id", "deleted_at"),
    Index("servers_created", "created_at", "id"),
    Index("servers_updated", "updated_at"),
    Index("servers_host", "host"),
    Index("servers_name", "name"),
    Index("servers_image", "image_id"),
    Index("servers_flavor", "flavor_id"),
    Index("servers_vm_state", "vm_state"),
    Index("servers_group", "server_group_id"),
    Index("servers_reservation", "reservation_id"),
)

server_tags = Table(
    "server_tags",
    metadata,
    Column("server_id", String(36), ForeignKey("servers.id"), primary_key=True),
    Column("tag", String(60), primary_key=True),
    Index("server_tags_tag", "tag"),
)

server_actions = Table(
    "server_actions",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("server_id", String(36), nullable=False),
    Column("action", String(64), nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("project_id", String(64)),
    Column("user_id", String(64)),
    Column("started_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
    Column("message", Text),
    Column("event", String(64)),  # what was done for it; NULL: nothing beyond the row
    Column("ended_at", Float),
    Column("result", String(16)),
    Column("host", String(255)),
    Column("details", Text),
    Index("server_actions_server", "server_id", "started_at"),
    Index("server_actions_request", "request_id", "server_id"),
)

placement_decisions = Table(
    "placement_decisions",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("server_id", String(36), nullable=False),
    Column("made_at", Float, nullable=False),
    Column("request", Json, nullable=False),
    Column("chosen", String(255)),
    Column("hosts", Json, nullable=False),  # every host with its reason
    Index("placement_decisions_server", "server_id"),
)

boot_times = Table(
    "boot_times",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("flavor_id", String(255), nullable=False),
    Column("image_id", String(36), nullable=False),
    Column("resource_class", String(255), nullable=False),  # of the node; "" for a guest
    Column("project_id", String(64), nullable=False),
    Column("took_s", Float, nullable=False),
    Index("boot_times_of", "flavor_id", "image_id", "resource_class", "id"),
)

hosts = Table(
    "compute_hosts",
    metadata,
    Column("hostname", String(255), primary_key=True),
    Column("id", String(36), nullable=False, unique=True),  # also of its resource provider
    Column("number", Integer, nullable=False, unique=True),  # the id before microversion 2.53
    Column("service_id", String(36), nullable=False, unique=True),
    Column("facts", Json, nullable=False),  # hypervisor.model.Host
    Column("recovered_boot_id", String(64), nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("disabled_reason", String(255)),
    Column("forced_down", Boolean, nullable=False),
    Column("seen_at", Float, nullable=False),  # its last heartbeat
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
)

flavors = Table(
    "flavors",
    metadata,
    Column("id", String(255), primary_key=True),
    Column("name", String(255), nullable=False, unique=True),
    Column("vcpus", Integer, nullable=False),
    Column("ram", Integer, nullable=False),  # MiB
    Column("disk", Integer, nullable=False),  # GiB
    Column("ephemeral", Integer, nullable=False),  # GiB
    Column("swap", Integer, nullable=False),  # MiB
    Column("rxtx_factor", Float, nullable=False),
    Column("is_public", Boolean, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("description", Text),
    Column("extra_specs", Json, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
)

flavor_access = Table(
    "flavor_access",
    metadata,
    Column("flavor_id", String(255), ForeignKey("flavors.id"), primary_key=True),
    Column("project_id", String(64), primary_key=True),
    Index("flavor_access_project", "project_id"),
)

keypairs = Table(
    "keypairs",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("user_id", String(64), nullable=False),
    Column("name", String(255), nullable=False),
    Column("type", String(8), nullable=False),  # ssh or x509
    Column("fingerprint", String(128), nullable=False),
    Column("public_key", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    Index("keypairs_name", "user_id", "name", unique=True),
)

quotas = Table(
    "compute_quotas",
    metadata,
    Column("project_id", String(129), primary_key=True),  # or "default", or project/user
    Column("resource", String(64), primary_key=True),
    Column("hard_limit", Integer, nullable=False),
)

aggregates = Table(
    "aggregates",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", String(36), nullable=False, unique=True),
    Column("name", String(255), nullable=False, unique=True),
    Column("metadata", Json, nullable=False),  # availability_zone among it
    Column("hosts", Json, nullable=False),  # host names
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float),
)

server_groups = Table(
    "server_groups",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project_id", String(64), nullable=False),
    Column("user_id", String(64), nullable=False),
    Column("name", String(255), nullable=False),
    Column("policy", String(32), nullable=False),
    Column("rules", Json, nullable=False),
    Column("created_at", Float, nullable=False),
    Index("server_groups_project", "project_id"),
)
"""Its members are the servers with its id in `server_group_id`."""

announce(
    servers, Announced("server", about="row.host", gone="row.deleted_at is not null", kept=True)
)
announce(
    hosts,
    Announced(
        "host",
        key="row.hostname",
        project="null",
        only=("disabled", "disabled_reason", "forced_down", "facts"),
    ),
)
announce(flavors, Announced("flavor", project="null", everyone="row.is_public"))
announce(flavor_access, Announced("flavor", key="row.flavor_id", as_changed=True))
announce(
    keypairs,
    Announced("keypair", key="row.name", project="null", user="row.user_id", about="row.user_id"),
)
announce(aggregates, Announced("aggregate", project="null"))
announce(server_groups, Announced("server_group"))
announce(quotas, Announced("quota", key="row.project_id", as_changed=True))

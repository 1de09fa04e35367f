"""The tables of the bare-metal service.

A node is one row: what belongs to it alone and is searched for by nobody lies in JSON columns, so
that a list of a thousand nodes is one query.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, String, Table, Text

from unkai.kit.db import Announced, Json, announce, metadata


def _times() -> tuple[Column[float], Column[float]]:
    return Column("created_at", Float, nullable=False), Column("updated_at", Float)


nodes = Table(
    "nodes",
    metadata,
    Column("uuid", String(36), primary_key=True),
    Column("name", String(255), unique=True),
    Column("driver", String(255), nullable=False),
    Column("driver_info", Json, nullable=False),
    Column("driver_internal_info", Json, nullable=False),
    Column("properties", Json, nullable=False),
    Column("instance_uuid", String(36), unique=True),
    Column("instance_name", String(255)),
    Column("instance_info", Json, nullable=False),
    Column("network_data", Json, nullable=False),
    Column("extra", Json, nullable=False),
    Column("interfaces", Json, nullable=False),
    Column("chassis_uuid", String(36)),
    Column("resource_class", String(80)),
    Column("traits", Json, nullable=False),
    Column("conductor", String(255)),
    Column("conductor_group", String(255), nullable=False),
    Column("allocation_uuid", String(36)),
    Column("owner", String(255)),
    Column("lessee", String(255)),
    Column("shard", String(255)),
    Column("parent_node", String(36)),
    Column("description", Text),
    Column("provision_state", String(16), nullable=False),
    Column("target_provision_state", String(16)),
    Column("provision_updated_at", Float),
    Column("last_error", Text),
    Column("power_state", String(16)),
    Column("target_power_state", String(16)),
    Column("power_changed_at", Float),
    Column("boot_mode", String(16)),
    Column("secure_boot", Boolean),
    Column("maintenance", Boolean, nullable=False),
    Column("maintenance_reason", Text),
    Column("fault", String(255)),
    Column("health", String(16)),
    Column("console_enabled", Boolean, nullable=False),
    Column("protected", Boolean, nullable=False),
    Column("protected_reason", Text),
    Column("retired", Boolean, nullable=False),
    Column("retired_reason", Text),
    Column("automated_clean", Boolean),
    Column("disable_power_off", Boolean, nullable=False),
    Column("clean_step", Json, nullable=False),
    Column("deploy_step", Json, nullable=False),
    Column("service_step", Json, nullable=False),
    Column("raid_config", Json, nullable=False),
    Column("target_raid_config", Json, nullable=False),
    Column("inspection_started_at", Float),
    Column("inspection_finished_at", Float),
    Column("agent_token", String(64)),
    Column("generation", Integer, nullable=False),
    *_times(),
    Index("nodes_created", "created_at", "uuid"),
    Index("nodes_state", "provision_state"),
    Index("nodes_class", "resource_class"),
    Index("nodes_owner", "owner"),
    Index("nodes_lessee", "lessee"),
    Index("nodes_chassis", "chassis_uuid"),
)

ports = Table(
    "baremetal_ports",
    metadata,
    Column("uuid", String(36), primary_key=True),
    Column("node_uuid", String(36), nullable=False),
    Column("address", String(18), nullable=False, unique=True),
    Column("name", String(255), unique=True),
    Column("description", Text),
    Column("portgroup_uuid", String(36)),
    Column("pxe_enabled", Boolean, nullable=False),
    Column("local_link_connection", Json, nullable=False),
    Column("physical_network", String(64)),
    Column("is_smartnic", Boolean, nullable=False),
    Column("category", String(80)),
    Column("vendor", String(32)),
    Column("available_for_dynamic_portgroup", Boolean, nullable=False),
    Column("extra", Json, nullable=False),
    Column("internal_info", Json, nullable=False),
    *_times(),
    Index("baremetal_ports_node", "node_uuid"),
    Index("baremetal_ports_group", "portgroup_uuid"),
)

portgroups = Table(
    "baremetal_portgroups",
    metadata,
    Column("uuid", String(36), primary_key=True),
    Column("node_uuid", String(36), nullable=False),
    Column("name", String(255), unique=True),
    Column("address", String(18), unique=True),
    Column("mode", String(255)),
    Column("properties", Json, nullable=False),
    Column("standalone_ports_supported", Boolean, nullable=False),
    Column("physical_network", String(64)),
    Column("category", String(80)),
    Column("dynamic_portgroup", Boolean, nullable=False),
    Column("extra", Json, nullable=False),
    Column("internal_info", Json, nullable=False),
    *_times(),
    Index("baremetal_portgroups_node", "node_uuid"),
)

chassis = Table(
    "chassis",
    metadata,
    Column("uuid", String(36), primary_key=True),
    Column("description", String(255)),
    Column("extra", Json, nullable=False),
    *_times(),
)

allocations = Table(
    "baremetal_allocations",
    metadata,
    Column("uuid", String(36), primary_key=True),
    Column("name", String(255), unique=True),
    Column("node_uuid", String(36)),
    Column("state", String(16), nullable=False),
    Column("last_error", Text),
    Column("resource_class", String(80)),
    Column("traits", Json, nullable=False),
    Column("candidate_nodes", Json, nullable=False),
    Column("owner", String(255)),
    Column("extra", Json, nullable=False),
    *_times(),
    Index("baremetal_allocations_node", "node_uuid"),
)

deploy_templates = Table(
    "deploy_templates",
    metadata,
    Column("uuid", String(36), primary_key=True),
    Column("name", String(255), nullable=False, unique=True),
    Column("steps", Json, nullable=False),
    Column("extra", Json, nullable=False),
    *_times(),
)

runbooks = Table(
    "runbooks",
    metadata,
    Column("uuid", String(36), primary_key=True),
    Column("name", String(255), nullable=False, unique=True),
    Column("description", Text),
    Column("steps", Json, nullable=False),
    Column("traits", Json, nullable=False),
    Column("disable_ramdisk", Boolean, nullable=False),
    Column("owner", String(255)),
    Column("public", Boolean, nullable=False),
    Column("extra", Json, nullable=False),
    *_times(),
)

inspection_rules = Table(
    "inspection_rules",
    metadata,
    Column("uuid", String(36), primary_key=True),
    Column("description", String(255)),
    Column("scope", String(255)),
    Column("priority", Integer, nullable=False),
    Column("sensitive", Boolean, nullable=False),
    Column("phase", String(16)),
    Column("conditions", Json, nullable=False),
    Column("actions", Json, nullable=False),
    *_times(),
)

volume_connectors = Table(
    "volume_connectors",
    metadata,
    Column("uuid", String(36), primary_key=True),
    Column("node_uuid", String(36), nullable=False),
    Column("type", String(32), nullable=False),
    Column("connector_id", String(255), nullable=False),
    Column("extra", Json, nullable=False),
    *_times(),
    Index("volume_connectors_node", "node_uuid"),
    Index("volume_connectors_unique", "type", "connector_id", unique=True),
)

volume_targets = Table(
    "volume_targets",
    metadata,
    Column("uuid", String(36), primary_key=True),
    Column("node_uuid", String(36), nullable=False),
    Column("volume_type", String(64), nullable=False),
    Column("volume_id", String(36), nullable=False),
    Column("boot_index", Integer, nullable=False),
    Column("properties", Json, nullable=False),
    Column("extra", Json, nullable=False),
    *_times(),
    Index("volume_targets_boot", "node_uuid", "boot_index", unique=True),
)

node_history = Table(
    "node_history",
    metadata,
    Column("uuid", String(36), primary_key=True),
    Column("node_uuid", String(36), nullable=False),
    Column("conductor", String(255), nullable=False),
    Column("event", Text, nullable=False),
    Column("event_type", String(255), nullable=False),
    Column("severity", String(255), nullable=False),
    Column("user", String(64)),
    Column("project", String(64)),
    Column("state", String(16)),
    Column("target_provision_state", String(16)),
    Column("duration_seconds", Integer),
    Column("created_at", Float, nullable=False),
    Index("node_history_node", "node_uuid", "created_at"),
)

inventories = Table(
    "node_inventories",
    metadata,
    Column("node_uuid", String(36), primary_key=True),
    Column("inventory", Json, nullable=False),
    Column("plugin_data", Json, nullable=False),
    Column("at", Float, nullable=False),
)

bios_settings = Table(
    "bios_settings",
    metadata,
    Column("node_uuid", String(36), primary_key=True),
    Column("name", String(255), primary_key=True),
    Column("value", Text),
    Column("registry", Json, nullable=False),
    *_times(),
)

announce(
    nodes,
    Announced(
        "node", key="row.uuid", project="row.owner", about="row.instance_uuid", leaves="owner"
    ),
    Announced(
        "node",
        key="row.uuid",
        project="row.lessee",
        about="row.instance_uuid",
        when="row.lessee is not null",
        leaves="lessee",
    ),
)
for _part in (ports, portgroups, volume_connectors, volume_targets):
    announce(
        _part,
        Announced(
            "node",
            key="row.node_uuid",
            project="(select owner from nodes where uuid = row.node_uuid)",
            as_changed=True,
        ),
    )
announce(allocations, Announced("allocation", key="row.uuid", project="row.owner"))

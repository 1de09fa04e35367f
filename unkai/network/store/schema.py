"""Tables of the network service.

Names begin with `network_`, for bare metal has ports and rules of its own. Lists that are only read
and written whole are JSON columns; what is searched or must be unique has a table. An address is
unique in its network: the constraint, not the code before it, is what makes allocation safe.
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
    UniqueConstraint,
)

from unkai.kit.db import Announced, Json, announce, metadata


def _standard() -> list[Column[object]]:
    """What every resource has."""
    return [
        Column("id", String(36), primary_key=True),
        Column("project_id", String(255), nullable=False, index=True),
        Column("name", String(255), nullable=False),
        Column("description", String(255), nullable=False),
        Column("tags", Json, nullable=False),
        Column("created_at", Float, nullable=False),
        Column("updated_at", Float, nullable=False),
        Column("revision_number", Integer, nullable=False),
    ]


networks = Table(
    "networks",
    metadata,
    *_standard(),
    Column("status", String(16), nullable=False),
    Column("admin_state_up", Boolean, nullable=False),
    Column("shared", Boolean, nullable=False, index=True),
    Column("mtu", Integer, nullable=False),
    Column("port_security_enabled", Boolean, nullable=False),
    Column("router_external", Boolean, nullable=False, index=True),
    Column("is_default", Boolean, nullable=False),
    Column("provider_network_type", String(16), nullable=False),
    Column("provider_physical_network", String(64)),
    Column("provider_segmentation_id", Integer),
    Column("availability_zone_hints", Json, nullable=False),
    Column("dns_domain", String(255), nullable=False),
    Index("networks_segment", "provider_network_type", "provider_segmentation_id"),
)

network_segments = Table(
    "network_segments",
    metadata,
    Column("network_id", String(36), ForeignKey("networks.id"), primary_key=True),
    Column("physical_network", String(64), primary_key=True),
    Column("vlan", Integer, nullable=False),
    UniqueConstraint("physical_network", "vlan"),
)
"""VLANs that overlay networks with physical machines on them were given."""

subnet_pools = Table(
    "network_subnet_pools",
    metadata,
    *_standard(),
    Column("prefixes", Json, nullable=False),
    Column("ip_version", Integer, nullable=False),
    Column("default_prefixlen", Integer, nullable=False),
    Column("min_prefixlen", Integer, nullable=False),
    Column("max_prefixlen", Integer, nullable=False),
    Column("default_quota", Integer),
    Column("shared", Boolean, nullable=False),
    Column("is_default", Boolean, nullable=False),
    Column("address_scope_id", String(36)),
)

address_scopes = Table(
    "network_address_scopes",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project_id", String(255), nullable=False, index=True),
    Column("name", String(255), nullable=False),
    Column("ip_version", Integer, nullable=False),
    Column("shared", Boolean, nullable=False),
)

subnets = Table(
    "network_subnets",
    metadata,
    *_standard(),
    Column("network_id", String(36), ForeignKey("networks.id"), nullable=False, index=True),
    Column("ip_version", Integer, nullable=False),
    Column("cidr", String(64), nullable=False),
    Column("gateway_ip", String(64)),
    Column("enable_dhcp", Boolean, nullable=False),
    Column("allocation_pools", Json, nullable=False),
    Column("dns_nameservers", Json, nullable=False),
    Column("host_routes", Json, nullable=False),
    Column("ipv6_ra_mode", String(16)),
    Column("ipv6_address_mode", String(16)),
    Column("subnetpool_id", String(36), index=True),
    Column("segment_id", String(36)),
    Column("service_types", Json, nullable=False),
    Column("dns_publish_fixed_ip", Boolean, nullable=False),
)

ports = Table(
    "network_ports",
    metadata,
    *_standard(),
    Column("network_id", String(36), ForeignKey("networks.id"), nullable=False),
    Column("mac_address", String(32), nullable=False),
    Column("status", String(16), nullable=False),
    Column("admin_state_up", Boolean, nullable=False),
    Column("device_id", String(255), nullable=False, index=True),
    Column("device_owner", String(255), nullable=False, index=True),
    Column("port_security_enabled", Boolean, nullable=False),
    Column("allowed_address_pairs", Json, nullable=False),
    Column("extra_dhcp_opts", Json, nullable=False),
    Column("binding_host_id", String(255), nullable=False, index=True),
    Column("binding_vnic_type", String(32), nullable=False),
    Column("binding_vif_type", String(32), nullable=False),
    Column("binding_vif_details", Json, nullable=False),
    Column("binding_profile", Json, nullable=False),
    Column("dns_name", String(255), nullable=False),
    Column("dns_domain", String(255), nullable=False),
    Column("ip_allocation", String(16), nullable=False),
    Column("propagate_uplink_status", Boolean, nullable=False),
    UniqueConstraint("network_id", "mac_address"),
)

port_addresses = Table(
    "network_port_addresses",
    metadata,
    Column("network_id", String(36), primary_key=True),
    Column("ip_address", String(64), primary_key=True),
    Column("subnet_id", String(36), ForeignKey("network_subnets.id"), nullable=False, index=True),
    Column("port_id", String(36), ForeignKey("network_ports.id"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Index("network_port_addresses_ip", "ip_address"),
)

security_groups = Table(
    "network_security_groups",
    metadata,
    *_standard(),
    Column("stateful", Boolean, nullable=False),
    Column("shared", Boolean, nullable=False),
    Column("default_of", String(255), unique=True),
)
"""`default_of`: the project whose default group this is; unique, so that there is one."""

port_security_groups = Table(
    "network_port_security_groups",
    metadata,
    Column("port_id", String(36), ForeignKey("network_ports.id"), primary_key=True),
    Column(
        "security_group_id",
        String(36),
        ForeignKey("network_security_groups.id"),
        primary_key=True,
        index=True,
    ),
)

security_group_rules = Table(
    "network_security_group_rules",
    metadata,
    *(column for column in _standard() if column.name not in ("name", "tags")),
    Column(
        "security_group_id",
        String(36),
        ForeignKey("network_security_groups.id"),
        nullable=False,
        index=True,
    ),
    Column("direction", String(8), nullable=False),
    Column("ethertype", String(4), nullable=False),
    Column("protocol", String(16)),
    Column("port_range_min", Integer),
    Column("port_range_max", Integer),
    Column("remote_ip_prefix", String(64)),
    Column("remote_group_id", String(36), index=True),
)

routers = Table(
    "network_routers",
    metadata,
    *_standard(),
    Column("status", String(16), nullable=False),
    Column("admin_state_up", Boolean, nullable=False),
    Column("gateway_port_id", String(36)),
    Column("gateway_network_id", String(36), index=True),
    Column("enable_snat", Boolean, nullable=False),
    Column("routes", Json, nullable=False),
    Column("availability_zone_hints", Json, nullable=False),
)

router_interfaces = Table(
    "network_router_interfaces",
    metadata,
    Column("router_id", String(36), ForeignKey("network_routers.id"), nullable=False, index=True),
    Column("port_id", String(36), ForeignKey("network_ports.id"), primary_key=True),
)

floating_ips = Table(
    "network_floating_ips",
    metadata,
    *(column for column in _standard() if column.name != "name"),
    Column("floating_network_id", String(36), nullable=False, index=True),
    Column("floating_ip_address", String(64), nullable=False, index=True),
    Column(
        "floating_port_id", String(36), ForeignKey("network_ports.id"), nullable=False, index=True
    ),
    Column("status", String(16), nullable=False),
    Column("port_id", String(36), index=True),
    Column("fixed_ip_address", String(64)),
    Column("router_id", String(36), index=True),
    Column("dns_name", String(255), nullable=False),
    Column("dns_domain", String(255), nullable=False),
    UniqueConstraint("port_id", "fixed_ip_address", "floating_network_id"),
)

rbac_policies = Table(
    "network_rbac_policies",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project_id", String(255), nullable=False, index=True),
    Column("object_type", String(32), nullable=False),
    Column("object_id", String(36), nullable=False, index=True),
    Column("action", String(32), nullable=False),
    Column("target_project", String(255), nullable=False),
    UniqueConstraint("object_type", "object_id", "action", "target_project"),
    Index("network_rbac_target", "target_project", "object_type", "action"),
)

quotas = Table(
    "network_quotas",
    metadata,
    Column("project_id", String(255), primary_key=True),
    Column("resource", String(32), primary_key=True),
    Column("amount", BigInteger, nullable=False),
)

dirty = Table(
    "network_dirty",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("id", String(36), nullable=False),
)
"""What the wire has not been told yet. Only added to and taken away from: a row that is there after
its object was read tells of a later change."""

_OF_SERVER = "row.device_owner like 'compute:%'"
announce(networks, Announced("network", everyone="row.shared or row.router_external"))
announce(subnets, Announced("subnet", about="row.network_id"))
announce(
    ports,
    Announced("port", about="row.device_id"),
    Announced("server", key="row.device_id", as_changed=True, when=_OF_SERVER, leaves="device_id"),
)
announce(security_groups, Announced("security_group"))
announce(
    security_group_rules,
    Announced("security_group", key="row.security_group_id", as_changed=True),
)
announce(routers, Announced("router"))
announce(
    router_interfaces,
    Announced(
        "router",
        key="row.router_id",
        project="(select project_id from network_routers where id = row.router_id)",
        as_changed=True,
    ),
)
_DEVICE = "(select device_id from network_ports where id = row.port_id)"
announce(
    floating_ips,
    Announced("floating_ip", about="row.port_id"),
    Announced(
        "server", key=_DEVICE, as_changed=True, when="row.port_id is not null", leaves="port_id"
    ),
)
announce(subnet_pools, Announced("subnet_pool"))
announce(quotas, Announced("quota", key="row.project_id", as_changed=True))
announce(
    rbac_policies,
    Announced(
        "network",
        key="row.object_id",
        project="row.target_project",
        everyone="row.target_project = '*'",
        as_changed=True,
        when="row.object_type = 'network'",
    ),
)

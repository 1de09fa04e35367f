"""What the network service speaks of, in the words of the Networking API v2.0 reference.

A colon in an API name is an underscore here (`binding:host_id` is `binding_host_id`,
`router:external` is `router_external`); timestamps are seconds since 1970. The lists that the API
calls `security_groups` (of a port) and `subnets` (of a network) hold ids and are called so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

OWNER_ROUTER_INTERFACE: Final = "network:router_interface"
OWNER_ROUTER_GATEWAY: Final = "network:router_gateway"
OWNER_FLOATING_IP: Final = "network:floatingip"
OWNER_METADATA: Final = "network:distributed"
OWNER_DHCP: Final = "network:dhcp"
OWNER_MACHINE: Final = "baremetal:none"
VNIC_MACHINE: Final = "baremetal"
BOOT_BY: Final = "boot_by"
"""Key of a port's binding profile: how its machine gets its boot files."""
BY_VOLUME: Final = "volume"
"""Its value on a tenant's network: DHCP sends iPXE to the network's metadata port."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    id: str
    project_id: str
    name: str = ""
    description: str = ""
    status: str = "ACTIVE"
    admin_state_up: bool = True
    shared: bool = False
    mtu: int = 1442
    port_security_enabled: bool = True
    router_external: bool = False
    is_default: bool = False
    provider_network_type: str = "geneve"
    provider_physical_network: str | None = None
    provider_segmentation_id: int | None = None
    availability_zone_hints: tuple[str, ...] = ()
    availability_zones: tuple[str, ...] = ()
    ipv4_address_scope: str | None = None
    ipv6_address_scope: str | None = None
    dns_domain: str = ""
    vlan_transparent: bool | None = None
    qos_policy_id: str | None = None
    subnet_ids: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    created_at: float = 0.0
    updated_at: float = 0.0
    revision_number: int = 1


@dataclass(frozen=True, slots=True)
class Segment:
    """Where an overlay network reaches physical machines: a VLAN of a physical network."""

    network_id: str
    physical_network: str
    vlan: int


@dataclass(frozen=True, slots=True)
class AllocationPool:
    """Addresses from `start` to `end`, both included."""

    start: str
    end: str


@dataclass(frozen=True, slots=True)
class Route:
    """A host route of a subnet, or an extra route of a router."""

    destination: str
    nexthop: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    id: str
    project_id: str
    network_id: str
    cidr: str
    name: str = ""
    description: str = ""
    ip_version: int = 4
    gateway_ip: str | None = None
    enable_dhcp: bool = True
    allocation_pools: tuple[AllocationPool, ...] = ()
    dns_nameservers: tuple[str, ...] = ()
    host_routes: tuple[Route, ...] = ()
    ipv6_ra_mode: str | None = None
    ipv6_address_mode: str | None = None
    subnetpool_id: str | None = None
    segment_id: str | None = None
    service_types: tuple[str, ...] = ()
    dns_publish_fixed_ip: bool = False
    tags: tuple[str, ...] = ()
    created_at: float = 0.0
    updated_at: float = 0.0
    revision_number: int = 1


@dataclass(frozen=True, slots=True)
class FixedIP:
    subnet_id: str
    ip_address: str


@dataclass(frozen=True, slots=True)
class AddressPair:
    """An address or CIDR that a port may use besides its own; without a MAC, with the port's."""

    ip_address: str
    mac_address: str | None = None


@dataclass(frozen=True, slots=True)
class DhcpOption:
    """One of a port's `extra_dhcp_opts`."""

    opt_name: str
    opt_value: str
    ip_version: int = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    id: str
    project_id: str
    network_id: str
    mac_address: str
    name: str = ""
    description: str = ""
    status: str = "DOWN"
    admin_state_up: bool = True
    device_id: str = ""
    device_owner: str = ""
    fixed_ips: tuple[FixedIP, ...] = ()
    security_group_ids: tuple[str, ...] = ()
    port_security_enabled: bool = True
    allowed_address_pairs: tuple[AddressPair, ...] = ()
    extra_dhcp_opts: tuple[DhcpOption, ...] = ()
    binding_host_id: str = ""
    binding_vnic_type: str = "normal"
    binding_vif_type: str = "unbound"
    binding_vif_details: Mapping[str, object] = field(default_factory=dict[str, object])
    binding_profile: Mapping[str, object] = field(default_factory=dict[str, object])
    dns_name: str = ""
    dns_domain: str = ""
    ip_allocation: str = "immediate"
    propagate_uplink_status: bool = True
    qos_policy_id: str | None = None
    tags: tuple[str, ...] = ()
    created_at: float = 0.0
    updated_at: float = 0.0
    revision_number: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalGateway:
    """A router's `external_gateway_info`."""

    network_id: str
    enable_snat: bool = True
    external_fixed_ips: tuple[FixedIP, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Router:
    id: str
    project_id: str
    name: str = ""
    description: str = ""
    status: str = "ACTIVE"
    admin_state_up: bool = True
    external_gateway_info: ExternalGateway | None = None
    routes: tuple[Route, ...] = ()
    distributed: bool = False
    ha: bool = False
    flavor_id: str | None = None
    availability_zone_hints: tuple[str, ...] = ()
    availability_zones: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    created_at: float = 0.0
    updated_at: float = 0.0
    revision_number: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatingIP:
    id: str
    project_id: str
    floating_network_id: str
    floating_ip_address: str
    description: str = ""
    status: str = "DOWN"
    port_id: str | None = None
    fixed_ip_address: str | None = None
    router_id: str | None = None
    dns_name: str = ""
    dns_domain: str = ""
    qos_policy_id: str | None = None
    tags: tuple[str, ...] = ()
    created_at: float = 0.0
    updated_at: float = 0.0
    revision_number: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGroupRule:
    """`protocol` is a name or a number as a string; for ICMP the range is the type and the code."""

    id: str
    project_id: str
    security_group_id: str
    direction: str
    ethertype: str = "IPv4"
    protocol: str | None = None
    port_range_min: int | None = None
    port_range_max: int | None = None
    remote_ip_prefix: str | None = None
    remote_group_id: str | None = None
    description: str = ""
    created_at: float = 0.0
    updated_at: float = 0.0
    revision_number: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGroup:
    id: str
    project_id: str
    name: str = ""
    description: str = ""
    stateful: bool = True
    shared: bool = False
    rules: tuple[SecurityGroupRule, ...] = ()
    tags: tuple[str, ...] = ()
    created_at: float = 0.0
    updated_at: float = 0.0
    revision_number: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SubnetPool:
    """Prefixes that subnets are cut from, so that they do not overlap."""

    id: str
    project_id: str
    prefixes: tuple[str, ...]
    ip_version: int
    default_prefixlen: int
    min_prefixlen: int
    max_prefixlen: int
    name: str = ""
    description: str = ""
    default_quota: int | None = None
    shared: bool = False
    is_default: bool = False
    address_scope_id: str | None = None
    tags: tuple[str, ...] = ()
    created_at: float = 0.0
    updated_at: float = 0.0
    revision_number: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressScope:
    """Within a scope no two subnet pools overlap."""

    id: str
    project_id: str
    ip_version: int
    name: str = ""
    shared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RbacPolicy:
    """Lets another project ("*": every one) use what belongs to this one."""

    id: str
    project_id: str
    object_type: str
    object_id: str
    action: str
    target_project: str

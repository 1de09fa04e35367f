"""Make a subnet of a network."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest
from unkai.kit.policy import Caller
from unkai.network import ip
from unkai.network.actions.find import may_create_for, must_own, network_of
from unkai.network.actions.metadata_port import sync_metadata_port
from unkai.network.actions.quotas import check_quota
from unkai.network.actions.subnet_pools import cidr_from_pool
from unkai.network.drivers.base import Ref
from unkai.network.fields import AddressText, Id, Int32, ProjectId, Text, project_of
from unkai.network.model import AllocationPool, Network, Route, Subnet
from unkai.network.service import NetworkService
from unkai.network.store import routers, subnets

MAX_DNS_NAMESERVERS = 5
MAX_HOST_ROUTES = 20

Mode = Literal["slaac", "dhcpv6-stateful", "dhcpv6-stateless"]


class PoolRequest(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    start: AddressText
    end: AddressText


class RouteRequest(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    destination: AddressText
    nexthop: AddressText


Pools = Annotated[tuple[PoolRequest, ...], Meta(max_length=100)]
Servers = Annotated[tuple[Text, ...], Meta(max_length=100)]
HostRoutes = Annotated[tuple[RouteRequest, ...], Meta(max_length=100)]


class SubnetRequest(Struct, kw_only=True, frozen=True):
    network_id: Id
    cidr: AddressText | UnsetType | None = UNSET
    ip_version: Int32 | None = None
    name: Text = ""
    description: Text = ""
    gateway_ip: AddressText | UnsetType | None = UNSET
    enable_dhcp: bool = True
    allocation_pools: Pools | UnsetType | None = UNSET
    dns_nameservers: Servers | None = None
    host_routes: HostRoutes | None = None
    ipv6_ra_mode: Mode | None = None
    ipv6_address_mode: Mode | None = None
    subnetpool_id: Text | None = None
    use_default_subnetpool: bool = False
    prefixlen: Int32 | None = None
    segment_id: None = None
    service_types: Annotated[tuple[Text, ...], Meta(max_length=20)] = ()
    dns_publish_fixed_ip: bool = False
    project_id: ProjectId | UnsetType = UNSET
    tenant_id: ProjectId | UnsetType = UNSET


async def create_subnet(
    network: NetworkService, tx: Tx, caller: Caller, request: SubnetRequest
) -> Subnet:
    """Raises NotFound (network), Forbidden, QuotaExceeded, BadRequest and Conflict."""
    on = await network_of(tx, caller, request.network_id.lower())
    must_own(caller, on.project_id, f"Network {on.id}")
    project_id = project_of(request.project_id, request.tenant_id, caller.project_id)
    project_id = project_id or on.project_id
    may_create_for(caller, project_id)
    await check_quota(tx, "subnet", project_id)
    prefix, pool_id = await _prefix(tx, caller, request)
    await check_overlap(tx, on.id, prefix)
    gateway = _gateway(request, prefix)
    made = Subnet(
        id=network.kit.chance.uuid(),
        project_id=project_id,
        network_id=on.id,
        cidr=str(prefix),
        name=request.name,
        description=request.description,
        ip_version=prefix.version,
        gateway_ip=gateway,
        enable_dhcp=request.enable_dhcp,
        allocation_pools=_pools(request, prefix, gateway),
        dns_nameservers=read_servers(request.dns_nameservers or ()),
        host_routes=read_routes(request.host_routes or (), "host_routes", MAX_HOST_ROUTES),
        ipv6_ra_mode=request.ipv6_ra_mode,
        ipv6_address_mode=request.ipv6_address_mode,
        subnetpool_id=pool_id,
        service_types=request.service_types,
        dns_publish_fixed_ip=request.dns_publish_fixed_ip,
        created_at=network.kit.clock.now(),
        updated_at=network.kit.clock.now(),
    )
    check_dhcp(made)
    await subnets.insert_subnet(tx, made)
    await mark_subnet(network, tx, on, made)
    await sync_metadata_port(network, tx, on)
    return made


async def mark_subnet(network: NetworkService, tx: Tx, on: Network, subnet: Subnet) -> None:
    """The network shows its subnets on the wire; an external one has routers on it, too."""
    await network.changed(tx, Ref("network", on.id), Ref("subnet", subnet.id))
    if on.router_external:
        await network.changed(tx, ("router", await routers.gateways_on(tx, on.id)))


async def _prefix(tx: Tx, caller: Caller, request: SubnetRequest) -> tuple[ip.Prefix, str | None]:
    """The CIDR, as given or taken from a subnet pool, and the pool it is from."""
    version = request.ip_version
    if version not in (None, 4, 6):
        raise ip.invalid("ip_version", f"'{version}' is not in [4, 6]")
    cidr = None if request.cidr is UNSET else request.cidr
    pool_id: str | None = request.subnetpool_id
    if pool_id or request.use_default_subnetpool:
        text, pool_id = await cidr_from_pool(
            tx,
            caller,
            pool_id=pool_id,
            version=version or 4,
            cidr=cidr,
            prefixlen=request.prefixlen,
        )
        return ip.parse_subnet_cidr(text), pool_id
    if cidr is None:
        raise BadRequest(
            "Bad subnets request: a subnetpool must be specified in the absence of a cidr.",
        )
    prefix = ip.parse_subnet_cidr(cidr)
    if version is not None and prefix.version != version:
        raise BadRequest(
            f"Invalid input for operation: cidr '{cidr}' does not match the ip_version "
            f"'{version}'.",
            code="invalid-input",
        )
    return prefix, None


async def check_overlap(session: Session, network_id: str, prefix: ip.Prefix) -> None:
    others = (await subnets.subnets_of(session, [network_id])).get(network_id, [])
    for other in others:
        if ip.overlap(other.cidr, str(prefix)):
            raise BadRequest(
                f"Invalid input for operation: Requested subnet with cidr: {prefix} for network: "
                f"{network_id} overlaps with another subnet.",
                code="invalid-input",
                remedy=f"Subnet {other.id} has {other.cidr}.",
            )


def _gateway(request: SubnetRequest, prefix: ip.Prefix) -> str | None:
    if request.gateway_ip is UNSET:
        return ip.first_host(prefix)
    return check_gateway(request.gateway_ip, prefix)


def check_gateway(text: str | None, prefix: ip.Prefix) -> str | None:
    """The gateway in canonical form; it may lie outside, but must be an address of a machine."""
    if not text:
        return None
    gateway = ip.parse_address(text, "gateway_ip")
    if gateway.version != prefix.version:
        raise BadRequest(
            f"Invalid input for operation: gateway_ip '{text}' does not match the ip_version "
            f"'{prefix.version}'.",
            code="invalid-input",
        )
    inside = gateway in prefix
    if gateway.is_unspecified or gateway.is_multicast or gateway.is_loopback:
        raise ip.invalid("gateway_ip", f"'{text}' is not an address of a machine")
    if inside and prefix.version == 4 and not ip.is_host(prefix, gateway):
        raise BadRequest(
            "Invalid input for operation: Gateway is not valid on subnet.", code="invalid-input"
        )
    return str(gateway)


def _pools(
    request: SubnetRequest, prefix: ip.Prefix, gateway: str | None
) -> tuple[AllocationPool, ...]:
    pools = request.allocation_pools
    if pools is UNSET or pools is None:
        return ip.default_pools(prefix, gateway)
    return read_pools(pools, prefix, gateway)


def read_pools(
    pools: tuple[PoolRequest, ...], prefix: ip.Prefix, gateway: str | None
) -> tuple[AllocationPool, ...]:
    return ip.check_pools([AllocationPool(p.start, p.end) for p in pools], prefix, gateway)


def read_servers(servers: tuple[str, ...]) -> tuple[str, ...]:
    """Addresses of resolvers, few and each once."""
    if len(servers) > MAX_DNS_NAMESERVERS:
        raise BadRequest(
            f"Unable to complete operation. The number of DNS nameservers exceeds the limit "
            f"{MAX_DNS_NAMESERVERS}.",
            code="dns-name-servers-exhausted",
        )
    made = [str(ip.parse_address(server, "dns_nameservers")) for server in servers]
    if len(set(made)) != len(made):
        raise ip.invalid("dns_nameservers", f"duplicate items in the list: {list(servers)}")
    return tuple(made)


def read_routes(routes: tuple[RouteRequest, ...], field: str, limit: int) -> tuple[Route, ...]:
    if len(routes) > limit:
        raise BadRequest(
            f"Unable to complete operation. The number of {field} exceeds the limit {limit}.",
            code="host-routes-exhausted" if field == "host_routes" else "routes-exhausted",
        )
    made: list[Route] = []
    for route in routes:
        destination = ip.parse_prefix(route.destination, field)
        nexthop = ip.parse_address(route.nexthop, field)
        if destination.version != nexthop.version:
            raise ip.invalid(field, f"'{destination}' and '{nexthop}' are of different versions")
        made.append(Route(str(destination), str(nexthop)))
    if len(set(made)) != len(made):
        raise ip.invalid(field, "duplicate items in the list")
    return tuple(made)


def check_dhcp(subnet: Subnet) -> None:
    """The modes of IPv6 agree with each other, with DHCP and with the prefix."""
    prefix = ipaddress.ip_network(subnet.cidr)
    modes: dict[str, Any] = {
        "ipv6_ra_mode": subnet.ipv6_ra_mode,
        "ipv6_address_mode": subnet.ipv6_address_mode,
    }
    set_modes = {name: mode for name, mode in modes.items() if mode is not None}
    if subnet.ip_version == 4:
        for name in set_modes:
            raise BadRequest(
                f"Invalid input for operation: {name} is not valid when ip_version is 4.",
                code="invalid-input",
            )
        if subnet.enable_dhcp and prefix.prefixlen > 30:
            raise BadRequest(
                f"Invalid input for operation: Invalid CIDR {subnet.cidr} given as IP prefix: "
                "with DHCP it must hold more than two addresses.",
                code="invalid-input",
            )
        return
    if set_modes and not subnet.enable_dhcp:
        raise BadRequest(
            "Invalid input for operation: ipv6_ra_mode or ipv6_address_mode cannot be set when "
            "enable_dhcp is set to False.",
            code="invalid-input",
        )
    if len(set(set_modes.values())) > 1:
        raise BadRequest(
            f"Invalid input for operation: ipv6_ra_mode set to '{subnet.ipv6_ra_mode}' with "
            f"ipv6_address_mode set to '{subnet.ipv6_address_mode}' is not valid. If both "
            "attributes are set, they must be the same value.",
            code="invalid-input",
        )
    if prefix.prefixlen != 64 and set(set_modes.values()) & {"slaac", "dhcpv6-stateless"}:
        raise BadRequest(
            f"Invalid input for operation: Invalid CIDR {subnet.cidr} for IPv6 address mode. "
            "OpenStack uses the EUI-64 address format, which requires the prefix to be /64.",
            code="invalid-input",
        )

"""Change a subnet. Its CIDR and IP version stay; its gateway stays while a router has it."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from unkai.kit.db import Tx
from unkai.kit.errors import Conflict
from unkai.kit.policy import Caller
from unkai.network import ip
from unkai.network.actions import create_subnet
from unkai.network.actions.create_subnet import HostRoutes, Pools, Servers
from unkai.network.actions.find import must_own, subnet_of
from unkai.network.actions.metadata_port import sync_metadata_port
from unkai.network.fields import AddressText, Text, given
from unkai.network.model import Subnet
from unkai.network.service import NetworkService
from unkai.network.states import ROUTER_OWNERS
from unkai.network.store import networks, ports, routers, subnets

PLAIN = ("name", "description", "enable_dhcp", "service_types", "dns_publish_fixed_ip")


class SubnetChange(Struct, kw_only=True, frozen=True):
    name: Text | UnsetType = UNSET
    description: Text | UnsetType = UNSET
    gateway_ip: AddressText | UnsetType | None = UNSET
    enable_dhcp: bool | UnsetType = UNSET
    allocation_pools: Pools | UnsetType = UNSET
    dns_nameservers: Servers | UnsetType | None = UNSET
    host_routes: HostRoutes | UnsetType | None = UNSET
    service_types: tuple[Text, ...] | UnsetType = UNSET
    dns_publish_fixed_ip: bool | UnsetType = UNSET


async def update_subnet(
    network: NetworkService, tx: Tx, caller: Caller, subnet_id: str, change: SubnetChange
) -> Subnet:
    before = await subnet_of(tx, caller, subnet_id)
    on = await networks.get_network(tx, before.network_id)
    assert on is not None
    must_own(caller, on.project_id, f"Subnet {subnet_id}")
    asked = given(change)
    prefix = ipaddress.ip_network(before.cidr)
    changes: dict[str, Any] = {name: asked[name] for name in PLAIN if name in asked}
    if "dns_nameservers" in asked:
        servers = asked["dns_nameservers"] or ()
        changes["dns_nameservers"] = create_subnet.read_servers(servers)
    if "host_routes" in asked:
        limit = create_subnet.MAX_HOST_ROUTES
        routes = asked["host_routes"] or ()
        changes["host_routes"] = create_subnet.read_routes(routes, "host_routes", limit)
    if "gateway_ip" in asked:
        changes["gateway_ip"] = create_subnet.check_gateway(asked["gateway_ip"], prefix)
    gateway = changes.get("gateway_ip", before.gateway_ip)
    if "allocation_pools" in asked:
        pools = asked["allocation_pools"]
        changes["allocation_pools"] = create_subnet.read_pools(pools, prefix, gateway)
    elif gateway != before.gateway_ip:
        ip.check_gateway_outside(before.allocation_pools, gateway)
    if gateway != before.gateway_ip:
        await _check_gateway_unused(tx, before)
    after = replace(
        before,
        **changes,
        updated_at=network.kit.clock.now(),
        revision_number=before.revision_number + 1,
    )
    create_subnet.check_dhcp(after)
    await subnets.save_subnet(tx, after)
    await create_subnet.mark_subnet(network, tx, on, after)
    if after.enable_dhcp != before.enable_dhcp or after.gateway_ip != before.gateway_ip:
        await network.changed(
            tx,
            ("port", await ports.ports_in_subnet(tx, subnet_id)),
            ("router", await routers.routers_on(tx, on.id)),
        )
        await sync_metadata_port(network, tx, on)
    return after


async def _check_gateway_unused(tx: Tx, subnet: Subnet) -> None:
    """Conflict while a router answers at the present gateway address."""
    if subnet.gateway_ip is None:
        return
    port_id = await ports.port_id_at(tx, subnet.network_id, subnet.gateway_ip)
    port = await ports.get_port(tx, port_id) if port_id else None
    if port is not None and port.device_owner in ROUTER_OWNERS:
        raise Conflict(
            f"Current gateway ip {subnet.gateway_ip} already in use by port {port.id}. "
            "Unable to update.",
            code="gateway-ip-in-use",
        )

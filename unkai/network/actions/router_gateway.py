"""A router's gateway: its port on an external network, where its machines' packets leave."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import replace

from msgspec import UNSET, Struct, UnsetType

from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Conflict, Forbidden
from unkai.kit.policy import Caller, service_caller
from unkai.network import ip
from unkai.network.actions.allocate_addresses import FixedIPRequest, Wish, allocate
from unkai.network.actions.create_port import PortRequest, add_port
from unkai.network.actions.delete_port import remove_ports
from unkai.network.actions.find import network_of
from unkai.network.drivers.base import Ref
from unkai.network.fields import Id
from unkai.network.model import (
    OWNER_ROUTER_GATEWAY,
    ExternalGateway,
    Network,
    Port,
    Router,
    Subnet,
)
from unkai.network.service import NetworkService
from unkai.network.store import floating_ips, ports, routers, subnets


class GatewayRequest(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """`external_gateway_info`; without a network, the router has none."""

    network_id: Id | None = None
    enable_snat: bool | UnsetType = UNSET
    external_fixed_ips: tuple[FixedIPRequest, ...] | UnsetType | None = UNSET
    qos_policy_id: None = None


def check_gateway_fields(caller: Caller, request: GatewayRequest) -> None:
    """Addresses of the gateway, and doing without SNAT, are an administrator's to choose."""
    if caller.is_admin:
        return
    if request.external_fixed_ips is not UNSET and request.external_fixed_ips:
        raise Forbidden("Only an administrator may choose a gateway's addresses.", code="policy")
    if request.enable_snat is False:
        raise Forbidden("Only an administrator may switch off SNAT.", code="policy")


async def set_gateway(
    network: NetworkService, tx: Tx, caller: Caller, router: Router, request: GatewayRequest | None
) -> tuple[ExternalGateway | None, str | None]:
    """Have the gateway as asked; its description and its port's id.

    Raises NotFound (network), BadRequest (not external, overlap), Conflict (floating IPs need the
    one there is, address in use).
    """
    present = (await routers.gateway_port_ids(tx, [router.id])).get(router.id)
    before = await ports.get_port(tx, present) if present else None
    if request is None or request.network_id is None:
        if before is not None:
            await _check_unused(tx, router)
            await routers.save_router(tx, replace(router, external_gateway_info=None), None)
            await remove_ports(network, tx, [before.id])
        return None, None
    check_gateway_fields(caller, request)
    on = await network_of(tx, caller, request.network_id.lower())
    if not on.router_external:
        raise BadRequest(f"Network {on.id} is not an external network.", code="bad-request")
    wanted = None if request.external_fixed_ips is UNSET else request.external_fixed_ips
    if before is not None and before.network_id == on.id:
        port = await _readdress(network, tx, before, on, wanted)
    else:
        if before is not None:
            await _check_unused(tx, router)
            await routers.save_router(tx, replace(router, external_gateway_info=None), None)
            await remove_ports(network, tx, [before.id])
        port = await _add(network, tx, router, on, wanted)
    await check_overlaps(tx, router.id, await _subnets(tx, port), but=port.id)
    snat = True
    if isinstance(request.enable_snat, bool):
        snat = request.enable_snat
    gateway = ExternalGateway(network_id=on.id, enable_snat=snat, external_fixed_ips=port.fixed_ips)
    return gateway, port.id


async def _add(
    network: NetworkService,
    tx: Tx,
    router: Router,
    on: Network,
    wanted: Sequence[FixedIPRequest] | None,
) -> Port:
    request = PortRequest(
        network_id=on.id,
        device_id=router.id,
        device_owner=OWNER_ROUTER_GATEWAY,
        fixed_ips=tuple(wanted) if wanted else UNSET,
    )
    caller = service_caller("network", "")
    return await add_port(network, tx, caller, request, on=on, project_id="")


async def _readdress(
    network: NetworkService,
    tx: Tx,
    before: Port,
    on: Network,
    wanted: Sequence[FixedIPRequest] | None,
) -> Port:
    """The gateway port with other addresses, where some are named."""
    if not wanted:
        return before
    owned = frozenset(fixed.ip_address for fixed in before.fixed_ips)
    wish = Wish(on, before.mac_address, OWNER_ROUTER_GATEWAY, wanted, owned)
    after = replace(
        before,
        fixed_ips=await allocate(network, tx, wish),
        updated_at=network.kit.clock.now(),
        revision_number=before.revision_number + 1,
    )
    await ports.save_port(tx, after, before)
    await network.changed(tx, Ref("port", after.id))
    return after


async def _check_unused(tx: Tx, router: Router) -> None:
    if await floating_ips.floating_ips_of_router(tx, router.id):
        raise Conflict(
            f"Gateway cannot be updated for router {router.id}, since a gateway to external "
            "network is required by one or more floating IPs.",
            code="router-external-gateway-in-use-by-floating-ip",
            remedy="Disassociate them first.",
        )


async def _subnets(tx: Tx, port: Port) -> list[Subnet]:
    ids = [fixed.subnet_id for fixed in port.fixed_ips]
    return list((await subnets.get_subnets(tx, ids)).values())


async def router_subnets(tx: Tx, router_id: str, but: str | None = None) -> list[Subnet]:
    """Subnets that a router has an address in, but for those of one port."""
    interfaces = (await routers.interface_port_ids(tx, [router_id])).get(router_id, [])
    gateway = (await routers.gateway_port_ids(tx, [router_id])).get(router_id)
    wanted = [*interfaces, gateway] if gateway else interfaces
    found = await ports.get_ports(tx, [one for one in wanted if one != but])
    ids = [fixed.subnet_id for port in found.values() for fixed in port.fixed_ips]
    return list((await subnets.get_subnets(tx, ids)).values())


async def check_overlaps(
    tx: Tx, router_id: str, new: Sequence[Subnet], but: str | None = None
) -> None:
    """BadRequest where a router would have two ways to one address."""
    present = await router_subnets(tx, router_id, but)
    for subnet in new:
        for other in present:
            if other.id == subnet.id:
                raise BadRequest(
                    f"Router already has a port on subnet {subnet.id}.", code="bad-request"
                )
            if ip.overlap(other.cidr, subnet.cidr):
                raise BadRequest(
                    f"Cidr {subnet.cidr} of subnet {subnet.id} overlaps with cidr {other.cidr} of "
                    f"subnet {other.id}.",
                    code="bad-request",
                )


def holds(subnet: Subnet, address: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(subnet.cidr)

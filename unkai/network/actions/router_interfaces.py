"""Plug a router into a subnet, and unplug it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from msgspec import Struct

from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Conflict, NotFound
from unkai.kit.policy import Caller, service_caller
from unkai.network.actions.allocate_addresses import FixedIPRequest
from unkai.network.actions.create_port import PortRequest, add_port
from unkai.network.actions.delete_port import remove_ports
from unkai.network.actions.find import must_own, port_of, router_of, subnet_of
from unkai.network.actions.quotas import check_quota
from unkai.network.actions.router_gateway import check_overlaps, holds
from unkai.network.drivers.base import Ref
from unkai.network.fields import Id
from unkai.network.model import OWNER_ROUTER_INTERFACE, FixedIP, Port, Router, Subnet
from unkai.network.service import NetworkService
from unkai.network.states import first_status
from unkai.network.store import floating_ips, networks, ports, routers, subnets


class InterfaceRequest(Struct, kw_only=True, frozen=True):
    """A subnet, in which the router takes the gateway's address, or a port made for it."""

    subnet_id: Id | None = None
    port_id: Id | None = None


@dataclass(frozen=True, slots=True)
class Interface:
    router: Router
    port: Port
    subnet_ids: tuple[str, ...]
    """Those that were plugged or unplugged; of a port with several subnets maybe one."""


async def add_router_interface(
    network: NetworkService, tx: Tx, caller: Caller, router_id: str, request: InterfaceRequest
) -> Interface:
    """Raises NotFound, BadRequest (overlap, no gateway), Conflict (address or port in use)."""
    router = await router_of(tx, caller, router_id)
    must_own(caller, router.project_id, f"Router {router_id}")
    if (request.subnet_id is None) == (request.port_id is None):
        raise BadRequest("Either subnet_id or port_id must be specified.", code="bad-request")
    if request.subnet_id is not None:
        subnet = await subnet_of(tx, caller, request.subnet_id.lower())
        port = await _by_subnet(network, tx, router, subnet)
        subnet_ids: tuple[str, ...] = (subnet.id,)
    else:
        assert request.port_id is not None
        port = await _by_port(network, tx, caller, router, request.port_id.lower())
        subnet_ids = tuple(fixed.subnet_id for fixed in port.fixed_ips)
    await network.changed(tx, Ref("port", port.id), Ref("router", router.id))
    return Interface(router, port, subnet_ids)


async def _by_subnet(network: NetworkService, tx: Tx, router: Router, subnet: Subnet) -> Port:
    if subnet.gateway_ip is None:
        raise BadRequest("Subnet for router interface must have a gateway IP.", code="bad-request")
    await check_overlaps(tx, router.id, [subnet])
    joined = await _joined(tx, router, subnet) if subnet.ip_version == 6 else None
    if joined is not None:
        return await _readdress(
            network, tx, joined, (*joined.fixed_ips, FixedIP(subnet.id, subnet.gateway_ip))
        )
    on = await networks.get_network(tx, subnet.network_id)
    assert on is not None
    await check_quota(tx, "port", router.project_id)
    wanted = FixedIPRequest(subnet_id=subnet.id, ip_address=subnet.gateway_ip)
    request = PortRequest(
        network_id=on.id,
        device_id=router.id,
        device_owner=OWNER_ROUTER_INTERFACE,
        fixed_ips=(wanted,),
    )
    who = service_caller("network", "")
    port = await add_port(network, tx, who, request, on=on, project_id=router.project_id)
    await routers.insert_interface(tx, router.id, port.id)
    return port


async def _joined(tx: Tx, router: Router, subnet: Subnet) -> Port | None:
    """The port by which the router is on an IPv6 subnet's network already."""
    ids = (await routers.interface_port_ids(tx, [router.id])).get(router.id, [])
    for port in (await ports.get_ports(tx, ids)).values():
        six = any(":" in fixed.ip_address for fixed in port.fixed_ips)
        if port.network_id == subnet.network_id and six:
            return port
    return None


async def _by_port(
    network: NetworkService, tx: Tx, caller: Caller, router: Router, port_id: str
) -> Port:
    before = await port_of(tx, caller, port_id)
    if not caller.may_touch(before.project_id):
        raise NotFound(f"Port {port_id} could not be found.", code="port-not-found")
    if before.device_id or before.device_owner:
        raise Conflict(
            f"Unable to complete operation on port {port_id} for network {before.network_id}. "
            f"Port already has an attached device {before.device_id}.",
            code="port-in-use",
        )
    if not before.fixed_ips:
        raise BadRequest("Router port must have at least one fixed IP.", code="bad-request")
    if sum(":" not in fixed.ip_address for fixed in before.fixed_ips) > 1:
        raise BadRequest("Cannot have multiple IPv4 subnets on router port.", code="bad-request")
    found = await subnets.get_subnets(tx, [fixed.subnet_id for fixed in before.fixed_ips])
    await check_overlaps(tx, router.id, list(found.values()))
    after = replace(
        before,
        device_id=router.id,
        device_owner=OWNER_ROUTER_INTERFACE,
        status=first_status(OWNER_ROUTER_INTERFACE),
        security_group_ids=(),
        port_security_enabled=False,
        allowed_address_pairs=(),
        updated_at=network.kit.clock.now(),
        revision_number=before.revision_number + 1,
    )
    await ports.save_port(tx, after, before)
    await routers.insert_interface(tx, router.id, port_id)
    return after


async def remove_router_interface(
    network: NetworkService, tx: Tx, caller: Caller, router_id: str, request: InterfaceRequest
) -> Interface:
    """Raises NotFound; Conflict where a floating IP or a route needs the interface."""
    router = await router_of(tx, caller, router_id)
    must_own(caller, router.project_id, f"Router {router_id}")
    if request.subnet_id is None and request.port_id is None:
        raise BadRequest("Either subnet_id or port_id must be specified.", code="bad-request")
    port, subnet_ids = await _find(tx, router, request)
    for subnet in (await subnets.get_subnets(tx, subnet_ids)).values():
        await _check_unused(tx, router, subnet)
    kept = tuple(fixed for fixed in port.fixed_ips if fixed.subnet_id not in subnet_ids)
    if kept:
        await _readdress(network, tx, port, kept)
    else:
        await routers.delete_interface(tx, port.id)
        await remove_ports(network, tx, [port.id])
    await network.changed(tx, Ref("router", router.id), Ref("port", port.id))
    return Interface(router, port, subnet_ids)


async def _find(tx: Tx, router: Router, request: InterfaceRequest) -> tuple[Port, tuple[str, ...]]:
    """The interface, and the subnets of it that go."""
    ids = (await routers.interface_port_ids(tx, [router.id])).get(router.id, [])
    found = await ports.get_ports(tx, ids)
    if request.port_id is not None:
        port = found.get(request.port_id.lower())
        if port is None:
            raise NotFound(
                f"Router {router.id} does not have an interface with id {request.port_id}.",
                code="router-interface-not-found",
            )
        subnet_ids = tuple(fixed.subnet_id for fixed in port.fixed_ips)
        if request.subnet_id is not None and request.subnet_id.lower() not in subnet_ids:
            raise Conflict(
                f"Subnet on port {port.id} does not match the requested subnet "
                f"{request.subnet_id}.",
                code="subnet-mismatch-for-port",
            )
        return port, subnet_ids
    assert request.subnet_id is not None
    wanted = request.subnet_id.lower()
    for port in found.values():
        if any(fixed.subnet_id == wanted for fixed in port.fixed_ips):
            return port, (wanted,)
    raise NotFound(
        f"Router {router.id} has no interface on subnet {request.subnet_id}.",
        code="router-interface-not-found-for-subnet",
    )


async def _check_unused(tx: Tx, router: Router, subnet: Subnet) -> None:
    for floating_ip in await floating_ips.floating_ips_of_router(tx, router.id):
        if floating_ip.fixed_ip_address and holds(subnet, floating_ip.fixed_ip_address):
            raise Conflict(
                f"Router interface for subnet {subnet.id} on router {router.id} cannot be "
                "deleted, as it is required by one or more floating IPs.",
                code="router-interface-in-use-by-floating-i-p",
            )
    for route in router.routes:
        if holds(subnet, route.nexthop):
            raise Conflict(
                f"Router interface for subnet {subnet.id} on router {router.id} cannot be "
                "deleted, as it is required by one or more routes.",
                code="router-interface-in-use-by-route",
            )


async def _readdress(
    network: NetworkService, tx: Tx, before: Port, fixed_ips: tuple[FixedIP, ...]
) -> Port:
    after = replace(
        before,
        fixed_ips=fixed_ips,
        updated_at=network.kit.clock.now(),
        revision_number=before.revision_number + 1,
    )
    await ports.save_port(tx, after, before)
    return after

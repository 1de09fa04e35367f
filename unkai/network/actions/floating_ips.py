"""Floating IPs: addresses of an external network that lead to a port behind a router."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, Conflict, NotFound
from unkai.kit.policy import Caller, service_caller
from unkai.network import ip
from unkai.network.actions.allocate_addresses import FixedIPRequest, free_address
from unkai.network.actions.create_port import PortRequest, add_port
from unkai.network.actions.delete_port import remove_ports
from unkai.network.actions.find import floating_ip_of, may_create_for, must_own, network_of, port_of
from unkai.network.actions.port_fields import check_dns_name
from unkai.network.actions.quotas import check_quota
from unkai.network.drivers.base import Ref
from unkai.network.fields import AddressText, DnsName, Id, ProjectId, Text, given, project_of
from unkai.network.model import OWNER_FLOATING_IP, FloatingIP, Network, Port
from unkai.network.service import NetworkService
from unkai.network.states import ACTIVE, DOWN
from unkai.network.store import floating_ips as store
from unkai.network.store import routers, subnets


class FloatingIPRequest(Struct, kw_only=True, frozen=True):
    floating_network_id: Id
    floating_ip_address: AddressText | None = None
    subnet_id: Id | None = None
    port_id: Id | None = None
    fixed_ip_address: AddressText | None = None
    description: Text = ""
    dns_name: DnsName = ""
    dns_domain: DnsName = ""
    qos_policy_id: None = None
    project_id: ProjectId | UnsetType = UNSET
    tenant_id: ProjectId | UnsetType = UNSET


class FloatingIPChange(Struct, kw_only=True, frozen=True):
    """Without `port_id` the association stays; null ends it."""

    port_id: Id | UnsetType | None = UNSET
    fixed_ip_address: AddressText | UnsetType | None = UNSET
    description: Text | UnsetType = UNSET
    qos_policy_id: UnsetType | None = UNSET


@dataclass(frozen=True, slots=True)
class Target:
    port_id: str
    fixed_ip_address: str
    router_id: str


async def create_floating_ip(
    network: NetworkService, tx: Tx, caller: Caller, request: FloatingIPRequest
) -> FloatingIP:
    """Raises QuotaExceeded, NotFound (network, port, no way there), BadRequest, Conflict."""
    project_id = project_of(request.project_id, request.tenant_id, caller.project_id)
    may_create_for(caller, project_id)
    on = await network_of(tx, caller, request.floating_network_id.lower())
    if not on.router_external:
        raise BadRequest(f"Network {on.id} is not a valid external network.", code="bad-request")
    await check_quota(tx, "floatingip", project_id)
    floating_ip_id = network.kit.chance.uuid()
    port = await _take_address(network, tx, on, request, floating_ip_id)
    now = network.kit.clock.now()
    made = FloatingIP(
        id=floating_ip_id,
        project_id=project_id,
        floating_network_id=on.id,
        floating_ip_address=port.fixed_ips[0].ip_address,
        description=request.description,
        dns_name=check_dns_name(request.dns_name, "dns_name"),
        dns_domain=check_dns_name(request.dns_domain, "dns_domain"),
        created_at=now,
        updated_at=now,
    )
    if request.port_id is not None:
        made = await _associate(tx, caller, made, request.port_id.lower(), request.fixed_ip_address)
    elif request.fixed_ip_address is not None:
        raise BadRequest(
            "fixed_ip_address cannot be specified without a port_id.", code="bad-request"
        )
    await store.insert_floating_ip(tx, made, port.id)
    await network.changed(tx, Ref("floating_ip", made.id))
    return made


async def update_floating_ip(
    network: NetworkService, tx: Tx, caller: Caller, floating_ip_id: str, change: FloatingIPChange
) -> FloatingIP:
    before = await floating_ip_of(tx, caller, floating_ip_id)
    must_own(caller, before.project_id, f"Floating IP {floating_ip_id}")
    asked = given(change)
    after = replace(
        before,
        description=asked.get("description", before.description),
        updated_at=network.kit.clock.now(),
        revision_number=before.revision_number + 1,
    )
    if "port_id" in asked or "fixed_ip_address" in asked:
        after = await _reassociate(tx, caller, after, asked)
    await store.save_floating_ip(tx, after)
    await network.changed(tx, Ref("floating_ip", after.id))
    return after


async def delete_floating_ip(
    network: NetworkService, tx: Tx, caller: Caller, floating_ip_id: str
) -> None:
    found = await floating_ip_of(tx, caller, floating_ip_id)
    must_own(caller, found.project_id, f"Floating IP {floating_ip_id}")
    await drop_floating_ip(network, tx, floating_ip_id)


async def drop_floating_ip(network: NetworkService, tx: Tx, floating_ip_id: str) -> None:
    """Without asking: also for what goes with its network."""
    port_id = await store.port_of_floating_ip(tx, floating_ip_id)
    await store.delete_floating_ip(tx, floating_ip_id)
    await remove_ports(network, tx, [port_id])
    await network.changed(tx, Ref("floating_ip", floating_ip_id))


async def _take_address(
    network: NetworkService,
    tx: Tx,
    on: Network,
    request: FloatingIPRequest,
    floating_ip_id: str,
) -> Port:
    """The port that holds the address on the external network; it belongs to no project."""
    of_network = (await subnets.subnets_of(tx, [on.id])).get(on.id, [])
    serving = [subnet for subnet in of_network if subnet.ip_version == 4]
    if not serving:
        raise BadRequest(f"Network {on.id} does not contain any IPv4 subnet.", code="bad-request")
    wanted: FixedIPRequest | None = None
    if request.floating_ip_address is not None:
        wanted = FixedIPRequest(subnet_id=request.subnet_id, ip_address=request.floating_ip_address)
    elif request.subnet_id is not None:
        wanted = FixedIPRequest(subnet_id=request.subnet_id)
    else:
        for subnet in serving:
            address = await free_address(network, tx, subnet, ())
            if address is not None:
                wanted = FixedIPRequest(subnet_id=subnet.id, ip_address=address)
                break
    if wanted is None:
        raise BadRequest(
            f"Unable to find any IP address on external network {on.id}.",
            code="external-ip-address-exhausted",
            remedy="Release floating IPs that nobody uses.",
        )
    port = PortRequest(
        network_id=on.id,
        device_id=floating_ip_id,
        device_owner=OWNER_FLOATING_IP,
        fixed_ips=(wanted,),
    )
    who = service_caller("network", "")
    return await add_port(network, tx, who, port, on=on, project_id="")


async def _reassociate(
    tx: Tx, caller: Caller, floating_ip: FloatingIP, asked: dict[str, Any]
) -> FloatingIP:
    port_id: str | None = asked.get("port_id", floating_ip.port_id)
    if port_id is None:
        if asked.get("fixed_ip_address"):
            raise BadRequest(
                "fixed_ip_address cannot be specified without a port_id.", code="bad-request"
            )
        return replace(
            floating_ip, port_id=None, fixed_ip_address=None, router_id=None, status=DOWN
        )
    return await _associate(tx, caller, floating_ip, port_id.lower(), asked.get("fixed_ip_address"))


async def _associate(
    tx: Tx, caller: Caller, floating_ip: FloatingIP, port_id: str, fixed_ip: str | None
) -> FloatingIP:
    port = await port_of(tx, caller, port_id)
    if port.project_id != floating_ip.project_id and not caller.is_admin:
        raise BadRequest(
            f"Port {port.id} is associated with a different tenant than Floating IP "
            f"{floating_ip.id} and therefore cannot be bound.",
            code="bad-request",
        )
    address = _fixed_ip(port, fixed_ip)
    others = (await store.floating_ips_of_ports(tx, [port.id])).get(port.id, [])
    for other in others:
        same = other.floating_network_id == floating_ip.floating_network_id
        if same and other.fixed_ip_address == address and other.id != floating_ip.id:
            raise Conflict(
                f"Cannot associate floating IP {floating_ip.floating_ip_address} "
                f"({floating_ip.id}) with port {port.id} using fixed IP {address}, as that fixed "
                f"IP already has a floating IP on external network "
                f"{floating_ip.floating_network_id}.",
                code="floating-i-p-port-already-associated",
            )
    router_id = await _way(tx, floating_ip.floating_network_id, port, address)
    return replace(
        floating_ip,
        port_id=port.id,
        fixed_ip_address=address,
        router_id=router_id,
        status=ACTIVE,
    )


def _fixed_ip(port: Port, asked: str | None) -> str:
    """The port's address the floating IP leads to; BadRequest where it is not clear."""
    four = [fixed.ip_address for fixed in port.fixed_ips if ":" not in fixed.ip_address]
    if asked is not None:
        canonical = str(ip.parse_address(asked, "fixed_ip_address"))
        if canonical not in four:
            raise BadRequest(f"Port {port.id} does not have fixed ip {asked}.", code="bad-request")
        return canonical
    if not four:
        raise BadRequest(
            f"Cannot add floating IP to port {port.id} that has no fixed IPv4 addresses.",
            code="bad-request",
        )
    if len(four) > 1:
        raise BadRequest(
            f"Port {port.id} has multiple fixed IPv4 addresses. Must provide a specific IPv4 "
            "address when assigning a floating IP.",
            code="bad-request",
        )
    return four[0]


async def _way(session: Session, floating_network_id: str, port: Port, address: str) -> str:
    """The router between the port's subnet and the external network.

    Of several, the one that answers at the subnet's gateway address.
    """
    subnet_id = next(f.subnet_id for f in port.fixed_ips if f.ip_address == address)
    plugged = await routers.routers_in_subnet(session, subnet_id)
    gateways = await routers.gateway_networks(session, [router_id for router_id, _ in plugged])
    usable = [pair for pair in plugged if gateways[pair[0]] == floating_network_id]
    if not usable:
        raise NotFound(
            f"External network {floating_network_id} is not reachable from subnet {subnet_id}. "
            f"Therefore, cannot associate Port {port.id} with a Floating IP.",
            code="external-gateway-for-floating-i-p-not-found",
            remedy="A router with its gateway there and an interface here is needed.",
        )
    subnet = (await subnets.get_subnets(session, [subnet_id]))[subnet_id]
    at_gateway = await routers.interface_at(session, subnet_id, subnet.gateway_ip or "")
    return next((r for r, port_id in usable if port_id == at_gateway), usable[0][0])

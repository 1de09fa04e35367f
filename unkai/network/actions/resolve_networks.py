"""Which networks a new server gets: Nova's `networks`, turned into ports to take or to make.

Everything the request says wrongly is said here, before anything is reserved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from unkai.kit.db import Session
from unkai.kit.errors import BadRequest, Conflict, Forbidden
from unkai.kit.policy import Caller
from unkai.network import ip
from unkai.network.fields import is_uuid
from unkai.network.model import Network, Port
from unkai.network.service import NetworkService
from unkai.network.store import addresses, networks, ports
from unkai.network.store.listing import Listing


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkWish:
    """One element of Nova's `networks`: a network, with an address in it, or a port."""

    uuid: str | None = None
    port: str | None = None
    fixed_ip: str | None = None
    tag: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedNetwork:
    """A NIC of the server to be. `port`: take this one; None: make one, with `fixed_ip` if set."""

    network: Network
    port: Port | None = None
    fixed_ip: str | None = None
    tag: str | None = None


Requested = Sequence[NetworkWish] | Literal["auto", "none"] | None


async def resolve_networks(
    network: NetworkService, session: Session, caller: Caller, requested: Requested
) -> list[ResolvedNetwork]:
    """Raises BadRequest, Forbidden and Conflict as the Compute API documents them.

    None (not said): the one network there is, none if there is none. "auto" wants one there; its
    caller has made it with `ensure_topology` before.
    """
    if requested == "none":
        return []
    if requested is None or requested == "auto":
        return await _unsaid(session, caller, must=requested == "auto")
    assert not isinstance(requested, str)
    resolved: list[ResolvedNetwork] = []
    for wish in requested:
        if wish.port is not None:
            resolved.append(await _port(session, caller, wish))
        else:
            resolved.append(await _network(session, caller, wish))
    taken = [nic.port.id for nic in resolved if nic.port is not None]
    if len(set(taken)) != len(taken):
        raise BadRequest("A port was asked for more than once.", code="duplicate-port")
    return resolved


async def _unsaid(session: Session, caller: Caller, *, must: bool) -> list[ResolvedNetwork]:
    usable = await networks.usable_networks(session, caller.project_id or "")
    usable = [one for one in usable if one.subnet_ids] if must else usable
    if len(usable) > 1 and not must:
        raise Conflict(
            "Multiple possible networks found, use a Network ID to be more specific.",
            code="network-ambiguous",
        )
    if not usable:
        if must:
            raise BadRequest(
                "Unable to automatically allocate a network for the project.",
                code="unable-to-auto-allocate-network",
                remedy="Create a network with a subnet, and a router to the external network.",
            )
        return []
    return [_checked(caller, usable[0], None, None)]


async def _network(session: Session, caller: Caller, wish: NetworkWish) -> ResolvedNetwork:
    found = None
    if wish.uuid is not None and is_uuid(wish.uuid):
        found = await networks.find_network(session, wish.uuid.lower(), caller)
    if found is None:
        raise BadRequest(f"Network {wish.uuid} could not be found.", code="network-not-found")
    fixed_ip = None
    if wish.fixed_ip is not None:
        fixed_ip = str(ip.parse_address(wish.fixed_ip, "fixed_ip"))
        if await addresses.taken_among(session, found.id, [fixed_ip]):
            raise BadRequest(
                f"Fixed IP address {fixed_ip} is already in use on instance network {found.id}.",
                code="fixed-ip-already-in-use",
            )
    return _checked(caller, found, fixed_ip, wish.tag)


def _checked(
    caller: Caller, found: Network, fixed_ip: str | None, tag: str | None
) -> ResolvedNetwork:
    foreign = not caller.may_touch(found.project_id) and not found.shared
    if found.router_external and foreign:
        raise Forbidden(
            f"It is not allowed to create an interface on external network {found.id}.",
            code="external-network-attach-forbidden",
        )
    if not found.subnet_ids:
        raise BadRequest(
            f"Network {found.id} requires a subnet in order to boot instances on.",
            code="network-requires-subnet",
        )
    return ResolvedNetwork(network=found, fixed_ip=fixed_ip, tag=tag)


async def _port(session: Session, caller: Caller, wish: NetworkWish) -> ResolvedNetwork:
    """A port is taken as it is: its network and addresses come with it."""
    found = None
    if wish.port is not None and is_uuid(wish.port):
        found = await ports.find_port(session, wish.port.lower(), caller)
    if found is None:
        raise BadRequest(f"Port id {wish.port} could not be found.", code="port-not-found")
    if not caller.may_touch(found.project_id):
        raise BadRequest(f"Port {found.id} not usable for instance.", code="port-not-usable")
    if wish.fixed_ip is not None:
        raise BadRequest(
            "Specified Fixed IP cannot be used with port: the port has its own.",
            code="fixed-ip-with-port",
        )
    if found.device_id:
        raise Conflict(f"Port {found.id} is still in use.", code="port-in-use")
    on = await networks.get_network(session, found.network_id)
    assert on is not None
    return ResolvedNetwork(network=on, port=found, tag=wish.tag)


async def networks_named(
    network: NetworkService, session: Session, caller: Caller, name: str
) -> list[Network]:
    """Networks of this name that the caller sees."""
    return await networks.list_networks(session, Listing(filters={"name": [name]}), caller)

"""Give a port its addresses, in the transaction that makes or changes it.

A free address is drawn by chance and looked up, a few at a time, so that the cost does not grow
with the subnet; only a pool that is nearly full is read whole. The table's unique constraint has
the last word. In IPv6 subnets where machines number themselves, the address follows from the MAC.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from msgspec import Struct

from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Conflict
from unkai.network import ip
from unkai.network.fields import AddressText, Id
from unkai.network.model import OWNER_ROUTER_INTERFACE, FixedIP, Network, Subnet
from unkai.network.service import NetworkService
from unkai.network.states import is_trusted
from unkai.network.store import addresses, subnets

DRAWS = 16
MAX_FIXED_IPS = 5
AUTOMATIC = ("slaac", "dhcpv6-stateless")


class FixedIPRequest(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """An address, a subnet to take one from, or both."""

    subnet_id: Id | None = None
    ip_address: AddressText | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What a port asks for. `fixed_ips` None: one address of each IP version there is."""

    network: Network
    mac_address: str
    device_owner: str
    fixed_ips: Sequence[FixedIPRequest] | None
    owned: frozenset[str] = frozenset()
    """Addresses that the port has already."""


def is_automatic(subnet: Subnet) -> bool:
    """Whether machines number themselves in the subnet."""
    return subnet.ipv6_address_mode in AUTOMATIC


async def allocate(network: NetworkService, tx: Tx, wish: Wish) -> tuple[FixedIP, ...]:
    """Raises Conflict (in use, none left) or BadRequest (not of this network)."""
    of_network = (await subnets.subnets_of(tx, [wish.network.id])).get(wish.network.id, [])
    sure = set(wish.owned)
    if wish.fixed_ips is None:
        chosen = await _choose(network, tx, wish, of_network)
        sure = {fixed.ip_address for fixed in chosen}
    else:
        if len(wish.fixed_ips) > MAX_FIXED_IPS and not is_trusted(wish.device_owner):
            raise BadRequest(
                "Invalid input for operation: Exceeded maximum amount of fixed ips per port.",
                code="invalid-input",
                remedy=f"At most {MAX_FIXED_IPS} are possible.",
            )
        chosen = await _grant(network, tx, wish, of_network)
    if wish.device_owner != OWNER_ROUTER_INTERFACE and wish.fixed_ips != ():
        have = {fixed.subnet_id for fixed in chosen}
        chosen += [
            _automatic_address(subnet, wish.mac_address)
            for subnet in of_network
            if is_automatic(subnet) and subnet.id not in have and not is_trusted(wish.device_owner)
        ]
    await _check_free(tx, wish, chosen, sure)
    return tuple(chosen)


async def _choose(
    network: NetworkService, tx: Tx, wish: Wish, of_network: Sequence[Subnet]
) -> list[FixedIP]:
    """One address per IP version from whichever subnet has one left."""
    chosen: list[FixedIP] = []
    serving = _serving(of_network, wish.device_owner)
    for version in (4, 6):
        candidates = [s for s in serving if s.ip_version == version and not is_automatic(s)]
        if not candidates:
            continue
        for subnet in candidates:
            address = await free_address(network, tx, subnet, ())
            if address is not None:
                chosen.append(FixedIP(subnet.id, address))
                break
        else:
            raise Conflict(
                f"No more IP addresses available on network {wish.network.id}.",
                code="ip-address-generation-failure",
                remedy="Delete unused ports, or add a subnet or an allocation pool.",
            )
    return chosen


def _serving(of_network: Sequence[Subnet], device_owner: str) -> list[Subnet]:
    """Subnets kept for this kind of port if there are some, else those kept for nobody."""
    kept = [s for s in of_network if any(device_owner.startswith(t) for t in s.service_types)]
    return kept or [s for s in of_network if not s.service_types]


async def _grant(
    network: NetworkService, tx: Tx, wish: Wish, of_network: Sequence[Subnet]
) -> list[FixedIP]:
    chosen: list[FixedIP] = []
    named = {item.ip_address for item in wish.fixed_ips or () if item.ip_address}
    for item in wish.fixed_ips or ():
        subnet = _subnet_for(item, wish, of_network)
        if item.ip_address is not None:
            if is_automatic(subnet) and not is_trusted(wish.device_owner):
                _check_automatic(item.ip_address, subnet, wish)
            chosen.append(FixedIP(subnet.id, str(ipaddress.ip_address(item.ip_address))))
        elif is_automatic(subnet) and not is_trusted(wish.device_owner):
            chosen.append(_automatic_address(subnet, wish.mac_address))
        else:
            avoid = {fixed.ip_address for fixed in chosen} | named
            address = await free_address(network, tx, subnet, avoid)
            if address is None:
                raise Conflict(
                    f"No more IP addresses available for subnet {subnet.id}.",
                    code="ip-address-generation-failure",
                )
            chosen.append(FixedIP(subnet.id, address))
    return chosen


def _subnet_for(item: FixedIPRequest, wish: Wish, of_network: Sequence[Subnet]) -> Subnet:
    if item.subnet_id is None and item.ip_address is None:
        raise BadRequest("IP allocation requires subnet_id or ip_address.", code="invalid-input")
    address = None
    if item.ip_address is not None:
        address = ip.parse_address(item.ip_address, "fixed_ips")
    if item.subnet_id is None:
        assert address is not None
        for subnet in of_network:
            if address in ipaddress.ip_network(subnet.cidr):
                return _checked(subnet, address)
        raise BadRequest(
            f"IP address {address} is not a valid IP for any of the subnets on the specified "
            "network.",
            code="invalid-ip-for-network",
        )
    for subnet in of_network:
        if subnet.id == item.subnet_id.lower():
            return _checked(subnet, address)
    raise BadRequest(
        f"Invalid input for operation: Failed to create port on network {wish.network.id}"
        f", because fixed_ips included invalid subnet {item.subnet_id}.",
        code="invalid-input",
    )


def _checked(subnet: Subnet, address: ip.Address | None) -> Subnet:
    if address is not None and not ip.is_host(ip.parse_prefix(subnet.cidr, "cidr"), address):
        raise BadRequest(
            f"IP address {address} is not a valid IP for the specified subnet.",
            code="invalid-ip-for-subnet",
        )
    return subnet


def _check_automatic(address: str, subnet: Subnet, wish: Wish) -> None:
    """The one address the machine will take is fine, also when named."""
    own = _automatic_address(subnet, wish.mac_address).ip_address
    canonical = str(ipaddress.ip_address(address))
    if canonical != own and canonical not in wish.owned:
        raise BadRequest(
            f"IPv6 address {address} can not be directly assigned to a port on subnet "
            f"{subnet.id} since the subnet is configured for automatic addresses.",
            code="allocation-on-auto-address-subnet",
        )


def _automatic_address(subnet: Subnet, mac_address: str) -> FixedIP:
    return FixedIP(subnet.id, ip.eui64(ip.parse_prefix(subnet.cidr, "cidr"), mac_address))


async def _check_free(tx: Tx, wish: Wish, chosen: Sequence[FixedIP], sure: set[str]) -> None:
    """Conflict where an address is in use; `sure` are known to be free, or the port's own."""
    texts = [fixed.ip_address for fixed in chosen]
    if len(set(texts)) != len(texts):
        raise BadRequest("Duplicate IP address in fixed_ips.", code="invalid-input")
    wanted = [text for text in texts if text not in sure]
    taken = await addresses.taken_among(tx, wish.network.id, wanted) if wanted else set[str]()
    for address in wanted:
        if address in taken:
            raise Conflict(
                f"Unable to complete operation for network {wish.network.id}. The IP address "
                f"{address} is in use.",
                code="ip-address-in-use",
            )


async def free_address(
    network: NetworkService, tx: Tx, subnet: Subnet, avoid: Iterable[str]
) -> str | None:
    """An address of the subnet's pools that nobody has; None if there is none."""
    spans = ip.spans_of(subnet.allocation_pools)
    total = sum(last - first + 1 for first, last in spans)
    if total <= 0:
        return None
    make = ipaddress.IPv4Address if subnet.ip_version == 4 else ipaddress.IPv6Address
    avoided = set(avoid)
    for _ in range(2):
        drawn = [str(make(number)) for number in _draw(network, spans, total)]
        drawn = [address for address in drawn if address not in avoided]
        taken = await addresses.taken_among(tx, subnet.network_id, drawn)
        for address in drawn:
            if address not in taken:
                return address
    taken = await addresses.taken_in_subnet(tx, subnet.id) | avoided
    number = _first_gap(spans, sorted(int(ipaddress.ip_address(text)) for text in taken))
    return None if number is None else str(make(number))


def _draw(network: NetworkService, spans: Sequence[tuple[int, int]], total: int) -> list[int]:
    """Up to DRAWS different numbers of the spans, by chance."""
    drawn: dict[int, None] = {}
    random = network.kit.chance.token_bytes(DRAWS * 8)
    for at in range(0, len(random), 8):
        offset = int.from_bytes(random[at : at + 8], "big") % total
        for first, last in spans:
            if offset <= last - first:
                drawn[first + offset] = None
                break
            offset -= last - first + 1
    return list(drawn)


def _first_gap(spans: Sequence[tuple[int, int]], taken: Sequence[int]) -> int | None:
    """The lowest number of the spans that is not taken; `taken` is sorted."""
    for first, last in spans:
        number = first
        for used in taken:
            if used == number:
                number += 1
            elif used > number:
                break
        if number <= last:
            return number
    return None

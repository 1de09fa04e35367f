"""Arithmetic of addresses, prefixes and MACs: pure functions on texts as the API has them.

Addresses are stored in their canonical form, so that equal ones are equal texts. The standard
library's parser also takes netmasks and IPv6 zones; those are refused here.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from unkai.kit.errors import BadRequest, Conflict
from unkai.network.model import AllocationPool

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Prefix = ipaddress.IPv4Network | ipaddress.IPv6Network

_MAC = re.compile(r"[0-9a-f]{2}([:-]?[0-9a-f]{2}){5}\Z", re.IGNORECASE)


def invalid(field: str, reason: str) -> BadRequest:
    return BadRequest(f"Invalid input for {field}. Reason: {reason}.", code="invalid-input")


def parse_address(text: str, field: str) -> Address:
    try:
        if "%" in text:
            raise ValueError(text)
        return ipaddress.ip_address(text)
    except ValueError as error:
        raise invalid(field, f"'{text}' is not a valid IP address") from error


def parse_prefix(text: str, field: str) -> Prefix:
    """A CIDR whose host bits may be set; a bare address is a prefix of one address."""
    address, slash, length = text.partition("/")
    try:
        if "%" in text or (slash and not (length.isascii() and length.isdigit())):
            raise ValueError(text)
        return ipaddress.ip_network(f"{address}/{length}" if slash else address, strict=False)
    except ValueError as error:
        raise invalid(field, f"'{text}' is not a valid CIDR") from error


def parse_subnet_cidr(text: str) -> Prefix:
    """The CIDR of a subnet: no host bits, and a prefix that machines can live in."""
    if "/" not in text:
        raise invalid("cidr", f"'{text}' isn't a recognized IP subnet cidr")
    prefix = parse_prefix(text, "cidr")
    if ipaddress.ip_address(text.split("/", maxsplit=1)[0]) != prefix.network_address:
        raise invalid(
            "cidr", f"'{text}' isn't a recognized IP subnet cidr, '{prefix}' is recommended"
        )
    if prefix.prefixlen == 0:
        raise invalid("cidr", "0 is not allowed as CIDR prefix length")
    if prefix.is_multicast or prefix.is_loopback or prefix.is_unspecified:
        raise invalid("cidr", f"'{text}' is a multicast, loopback or unspecified range")
    if prefix.version == 6 and prefix.is_link_local:
        raise invalid("cidr", f"'{text}' is link-local")
    return prefix


def parse_mac(text: str, field: str = "mac_address") -> str:
    """Lower case with colons."""
    if not _MAC.match(text):
        raise invalid(field, f"'{text}' is not a valid MAC address")
    digits = re.sub("[:-]", "", text).lower()
    if digits == "0" * 12:
        raise invalid(field, f"'{text}' is not a MAC address a port may have")
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def mac_of(random: bytes) -> str:
    """A MAC of ours from three random bytes."""
    return "fa:16:3e:" + ":".join(f"{byte:02x}" for byte in random[:3])


def eui64(prefix: Prefix, mac: str) -> str:
    """The address a machine with this MAC gives itself in an IPv6 prefix of 64 bits."""
    octets = [int(part, 16) for part in mac.split(":")]
    octets[0] ^= 2
    identifier = bytes([*octets[:3], 0xFF, 0xFE, *octets[3:]])
    number = int(prefix.network_address) | int.from_bytes(identifier, "big")
    return str(ipaddress.IPv6Address(number))


def first_host(prefix: Prefix) -> str:
    """What becomes the gateway where none is named."""
    single = prefix.num_addresses == 1
    return str(prefix.network_address if single else prefix.network_address + 1)


def hosts_of(prefix: Prefix) -> tuple[int, int]:
    """First and last number a port may have."""
    first, last = int(prefix.network_address), int(prefix.broadcast_address)
    if prefix.version == 4 and prefix.prefixlen < 31:
        return first + 1, last - 1
    if prefix.version == 6 and prefix.prefixlen < 127:
        return first + 1, last
    return first, last


def is_host(prefix: Prefix, address: Address) -> bool:
    """Whether a port may have this address in this prefix."""
    first, last = hosts_of(prefix)
    return address.version == prefix.version and first <= int(address) <= last


def default_pools(prefix: Prefix, gateway: str | None) -> tuple[AllocationPool, ...]:
    """Every host address but the gateway's."""
    first, last = hosts_of(prefix)
    make = type(prefix.network_address)
    cut = int(ipaddress.ip_address(gateway)) if gateway else None
    spans = [(first, last)]
    if cut is not None and first <= cut <= last:
        spans = [(first, cut - 1), (cut + 1, last)]
    return tuple(AllocationPool(str(make(a)), str(make(b))) for a, b in spans if a <= b)


def spans_of(pools: Iterable[AllocationPool]) -> list[tuple[int, int]]:
    """The pools as numbers, sorted."""
    return sorted(
        (int(ipaddress.ip_address(pool.start)), int(ipaddress.ip_address(pool.end)))
        for pool in pools
    )


def check_pools(
    pools: Sequence[AllocationPool], prefix: Prefix, gateway: str | None
) -> tuple[AllocationPool, ...]:
    """The pools in canonical form; BadRequest or Conflict says what is wrong with them."""
    checked: list[AllocationPool] = []
    for pool in pools:
        start = parse_address(pool.start, "allocation_pools")
        end = parse_address(pool.end, "allocation_pools")
        if start.version != prefix.version or end.version != prefix.version:
            raise BadRequest(
                f"The allocation pool {pool.start}-{pool.end} is not valid.",
                code="invalid-allocation-pool",
            )
        if int(end) < int(start):
            raise BadRequest(
                f"The allocation pool {pool.start}-{pool.end} is not valid.",
                code="invalid-allocation-pool",
            )
        if not (is_host(prefix, start) and is_host(prefix, end)):
            raise BadRequest(
                f"The allocation pool {pool.start}-{pool.end} spans beyond the subnet cidr "
                f"{prefix}.",
                code="out-of-bounds-allocation-pool",
            )
        checked.append(AllocationPool(str(start), str(end)))
    spans = spans_of(checked)
    for (_, end_number), (start_number, _) in pairwise(spans):
        if start_number <= end_number:
            raise Conflict(
                f"Found overlapping allocation pools for subnet {prefix}.",
                code="overlapping-allocation-pools",
            )
    check_gateway_outside(checked, gateway)
    return tuple(checked)


def check_gateway_outside(pools: Iterable[AllocationPool], gateway: str | None) -> None:
    if gateway is None:
        return
    number = int(ipaddress.ip_address(gateway))
    for pool in pools:
        if int(ipaddress.ip_address(pool.start)) <= number <= int(ipaddress.ip_address(pool.end)):
            raise Conflict(
                f"Gateway ip {gateway} conflicts with allocation pool {pool.start}-{pool.end}.",
                code="gateway-conflict-with-allocation-pools",
            )


def overlap(one: str, other: str) -> bool:
    a, b = ipaddress.ip_network(one), ipaddress.ip_network(other)
    return a.version == b.version and a.overlaps(b)

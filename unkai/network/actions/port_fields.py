"""What may stand in the lists of a port, and who may say what about one.

A port is the fence around a machine, so what lowers the fence (another MAC, a given address, more
addresses, no port security) is for the network's owner, and what makes a port the cloud's own
(`network:...`) or puts it on a host is for administrators.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, Struct

from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, Conflict, Forbidden, NotFound
from unkai.kit.policy import Caller
from unkai.network import ip
from unkai.network.fields import NO_NUL, Id, Text
from unkai.network.model import AddressPair, DhcpOption, Network
from unkai.network.service import NetworkService
from unkai.network.states import is_trusted
from unkai.network.store import ports, security_groups

MAX_ADDRESS_PAIRS: Final = 10
MAX_PROFILE_BYTES: Final = 4095
VNIC_TYPES: Final = (
    "normal",
    "direct",
    "macvtap",
    "baremetal",
    "direct-physical",
    "virtio-forwarder",
    "smart-nic",
)
_OPTION_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}\Z")
_HOST_NAME = re.compile(r"([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.?)*\Z")


class PairRequest(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    ip_address: Annotated[str, Meta(max_length=64, pattern=NO_NUL)]
    mac_address: Text | None = None


class DhcpOptionRequest(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    opt_name: Text
    opt_value: Text | None = None
    ip_version: int = 4


Pairs = Annotated[tuple[PairRequest, ...], Meta(max_length=1000)]
Options = Annotated[tuple[DhcpOptionRequest, ...], Meta(max_length=50)]
Groups = Annotated[tuple[Id, ...], Meta(max_length=100)]


def check_fence(caller: Caller, network: Network, fields: frozenset[str]) -> None:
    """Forbidden where someone other than the network's owner would lower a port's fence."""
    if caller.may_touch(network.project_id):
        return
    lowered = sorted(fields & {"mac_address", "port_security_enabled", "allowed_address_pairs"})
    if lowered:
        raise Forbidden(
            f"Only the owner of network {network.id} may set {', '.join(lowered)} of a port.",
            code="policy",
        )


def check_owner(caller: Caller, device_owner: str) -> None:
    """Forbidden where a user would make a port the cloud's own, which carries no firewall."""
    if is_trusted(device_owner) and not caller.is_admin:
        raise Forbidden(
            f"A port with device_owner {device_owner} belongs to the cloud; only an "
            "administrator may make one.",
            code="policy",
        )


def read_pairs(pairs: Sequence[PairRequest], mac_address: str) -> tuple[AddressPair, ...]:
    """Raises BadRequest for an address, duplicate or number that cannot be."""
    if len(pairs) > MAX_ADDRESS_PAIRS:
        raise BadRequest(
            f"The number of allowed address pair exceeds the maximum {MAX_ADDRESS_PAIRS}.",
            code="allowed-address-pair-exhausted",
        )
    made: list[AddressPair] = []
    seen: set[tuple[str, str]] = set()
    for pair in pairs:
        prefix = ip.parse_prefix(pair.ip_address, "allowed_address_pairs")
        mac = None
        if pair.mac_address is not None:
            mac = ip.parse_mac(pair.mac_address, "allowed_address_pairs")
        key = (str(prefix), mac or mac_address)
        if key in seen:
            raise BadRequest(
                f"Request contains duplicate address pair: mac_address {key[1]} ip_address "
                f"{pair.ip_address}.",
                code="duplicate-address-pair-in-request",
            )
        seen.add(key)
        bare = "/" not in pair.ip_address
        made.append(AddressPair(str(prefix.network_address) if bare else str(prefix), mac))
    return tuple(made)


def read_options(options: Sequence[DhcpOptionRequest]) -> tuple[DhcpOption, ...]:
    """Options with a value; one line each, so that none can smuggle in another."""
    made: list[DhcpOption] = []
    for option in options:
        if not _OPTION_NAME.match(option.opt_name):
            raise ip.invalid("extra_dhcp_opts", f"'{option.opt_name}' is not an option's name")
        if option.ip_version not in (4, 6):
            raise ip.invalid("extra_dhcp_opts", "ip_version must be 4 or 6")
        if option.opt_value is None:
            continue
        if not option.opt_value or any(ord(char) < 32 for char in option.opt_value):
            raise ip.invalid("extra_dhcp_opts", "a value must be one line of text")
        made.append(DhcpOption(option.opt_name, option.opt_value, option.ip_version))
    return tuple(made)


def change_options(
    before: tuple[DhcpOption, ...], options: Sequence[DhcpOptionRequest]
) -> tuple[DhcpOption, ...]:
    """The options named are set, or removed where the value is null; others stay."""
    named = {(option.opt_name, option.ip_version) for option in options}
    kept = tuple(o for o in before if (o.opt_name, o.ip_version) not in named)
    return kept + read_options(options)


def check_dns_name(name: str, field: str) -> str:
    if len(name) > 255 or not _HOST_NAME.match(name):
        raise ip.invalid(field, f"'{name}' is not a host name")
    return name


def check_vnic_type(vnic_type: str) -> str:
    if vnic_type not in VNIC_TYPES:
        raise ip.invalid("binding:vnic_type", f"'{vnic_type}' is not in {list(VNIC_TYPES)}")
    return vnic_type


def check_profile(profile: dict[str, Any] | None) -> dict[str, Any]:
    size = len(msgspec.json.encode(profile or {}))
    if size > MAX_PROFILE_BYTES:
        raise ip.invalid("binding:profile", f"it takes {size} bytes of {MAX_PROFILE_BYTES}")
    return profile or {}


async def check_groups(session: Session, caller: Caller, group_ids: Sequence[str]) -> None:
    """NotFound for a group the caller cannot see."""
    seen = await security_groups.visible_group_ids(session, group_ids, caller)
    for group_id in group_ids:
        if group_id not in seen:
            raise NotFound(
                f"Security group {group_id} does not exist", code="security-group-not-found"
            )


async def pick_mac(
    network: NetworkService, tx: Tx, network_id: str, mac_address: str | None
) -> str:
    """The MAC asked for, or a new one. Conflict if the network has it already."""
    if mac_address is not None:
        mac = ip.parse_mac(mac_address)
        if await ports.mac_taken(tx, network_id, mac):
            raise Conflict(
                f"Unable to complete operation for network {network_id}. The mac address {mac} "
                "is in use.",
                code="mac-address-in-use",
            )
        return mac
    for _ in range(16):
        mac = ip.mac_of(network.kit.chance.token_bytes(3))
        if not await ports.mac_taken(tx, network_id, mac):
            return mac
    raise Conflict(
        f"Unable to generate unique mac on network {network_id}.",
        code="mac-address-generation-failure",
    )


def given_fields(request: Struct, *names: str) -> frozenset[str]:
    """Those of `names` that a request really sets."""
    return frozenset(name for name in names if getattr(request, name) not in (UNSET, None, (), ""))

"""Links, addresses and routes of the calling thread's network namespace, over one netlink socket.

Every function opens a socket, asks the kernel, and raises `OSError` with the kernel's errno; none
of them sleeps, but removing a link takes the kernel 10-30 ms, so call them through
`kit.netns.run`, which also chooses the namespace.

Rejected: pyroute2, which does all this and much more: importing it costs 170-240 ms, more than all
the links of a cloud's start together.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import ipaddress
import itertools
import os
import socket
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

NAME_LENGTH_MAX: Final = 15

_NETLINK_ROUTE: Final = 0
_NEWLINK, _DELLINK, _GETLINK, _NEWADDR, _DELADDR, _GETADDR = 16, 17, 18, 20, 21, 22
_NEWROUTE, _DELROUTE = 24, 25
_REQUEST, _ACK, _DUMP, _CREATE, _EXCL, _REPLACE = 0x1, 0x4, 0x300, 0x400, 0x200, 0x100
_MSG_ERROR, _MSG_DONE = 2, 3
_IFLA_ADDRESS, _IFLA_IFNAME, _IFLA_MTU, _IFLA_MASTER = 1, 3, 4, 10
_IFLA_LINKINFO, _IFLA_NET_NS_FD = 18, 28
_INFO_KIND, _INFO_DATA, _VETH_PEER = 1, 2, 1
_IFF_UP: Final = 0x1
_IFA_ADDRESS, _IFA_LOCAL, _IFA_FLAGS, _IFA_F_NODAD = 1, 2, 8, 0x2
_RTA_DST, _RTA_OIF, _RTA_GATEWAY, _RTA_PRIORITY = 1, 4, 5, 6
_LAST_METRIC: Final = 4_278_198_272
_UNREACHABLE, _UNICAST = 7, 1
_SIOCETHTOOL, _ETHTOOL_STXCSUM = 0x8946, 0x17

_sequence = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Link:
    """One interface of a namespace, as the kernel tells it."""

    index: int
    name: str
    up: bool
    mac: str
    mtu: int


def links() -> list[Link]:
    """All interfaces of this namespace."""
    body = struct.pack("=BxHiII", 0, 0, 0, 0, 0)
    return [_parse_link(reply) for reply in _ask(_GETLINK, _DUMP, body)]


def index_of(name: str) -> int:
    """The index of an interface; raises OSError (ENODEV) where there is none of that name."""
    return socket.if_nametoindex(name)


def has_link(name: str) -> bool:
    return any(found == name for _, found in socket.if_nameindex())


def add_veth(
    name: str, peer: str, *, peer_netns_fd: int | None = None, mac: str = "", peer_mac: str = ""
) -> None:
    """Make a veth pair; the peer is born in the namespace of `peer_netns_fd` where one is given."""
    peer_header = struct.pack("=BxHiII", 0, 0, 0, 0, 0)
    peer_body = peer_header + _attribute(_IFLA_IFNAME, _name(peer)) + _mac_attribute(peer_mac)
    if peer_netns_fd is not None:
        peer_body += _attribute(_IFLA_NET_NS_FD, struct.pack("=i", peer_netns_fd))
    info = _attribute(_INFO_KIND, b"veth\0") + _attribute(
        _INFO_DATA, _attribute(_VETH_PEER, peer_body)
    )
    body = peer_header + _attribute(_IFLA_IFNAME, _name(name)) + _mac_attribute(mac)
    _ask(_NEWLINK, _CREATE | _EXCL, body + _attribute(_IFLA_LINKINFO, info))


def add_dummy(name: str) -> None:
    """Make an interface that swallows what it is sent."""
    info = _attribute(_INFO_KIND, b"dummy\0")
    body = struct.pack("=BxHiII", 0, 0, 0, 0, 0) + _attribute(_IFLA_IFNAME, _name(name))
    _ask(_NEWLINK, _CREATE | _EXCL, body + _attribute(_IFLA_LINKINFO, info))


def set_link(
    name: str, *, up: bool | None = None, mac: str = "", mtu: int = 0, netns_fd: int | None = None
) -> None:
    """Change an interface: its state, MAC address, MTU, or the namespace it lives in."""
    flags, mask = (_IFF_UP if up else 0, _IFF_UP) if up is not None else (0, 0)
    body = struct.pack("=BxHiII", 0, 0, index_of(name), flags, mask) + _mac_attribute(mac)
    if mtu:
        body += _attribute(_IFLA_MTU, struct.pack("=I", mtu))
    if netns_fd is not None:
        body += _attribute(_IFLA_NET_NS_FD, struct.pack("=i", netns_fd))
    _ask(_NEWLINK, 0, body)


def deafen(name: str) -> None:
    """Have this namespace's kernel take nothing from a port of a switch that it does not run.

    A switch outside of the kernel reads a port beside the kernel, which would answer there for each
    of its own addresses, past the switch's rules: whoever is behind the port reached them all.
    """
    settings = {"ipv4": {"rp_filter": "1", "arp_ignore": "8"}, "ipv6": {"disable_ipv6": "1"}}
    for family, values in settings.items():
        for key, value in values.items():
            with contextlib.suppress(FileNotFoundError):  # a kernel without IPv6
                Path(f"/proc/sys/net/{family}/conf/{name}/{key}").write_text(value)


def delete_link(name: str) -> None:
    """Remove an interface (and its veth peer); nothing happens where there is none."""
    if has_link(name):
        _ask(_DELLINK, 0, struct.pack("=BxHiII", 0, 0, index_of(name), 0, 0))


def addresses(name: str) -> list[str]:
    """Addresses of an interface with their prefix length, link-local IPv6 ones left out."""
    index, found = index_of(name), list[str]()
    for reply in _ask(_GETADDR, _DUMP, struct.pack("=BBBBI", 0, 0, 0, 0, 0)):
        _, prefix, _, _, owner = struct.unpack_from("=BBBBI", reply)
        if owner != index:
            continue
        attributes = dict(_attributes(reply, 8))
        packed = attributes.get(_IFA_LOCAL, attributes.get(_IFA_ADDRESS, b""))
        address = ipaddress.ip_address(packed)
        if not (address.version == 6 and address.is_link_local):
            found.append(f"{address}/{prefix}")
    return found


def add_address(name: str, cidr: str) -> None:
    """Give an interface an address like "10.0.0.1/24"; the same address twice is no error."""
    _ask(_NEWADDR, _CREATE | _REPLACE, _address_body(name, cidr))


def delete_address(name: str, cidr: str) -> None:
    _ask(_DELADDR, 0, _address_body(name, cidr))


def add_route(destination: str, *, via: str | None = None, device: str | None = None) -> None:
    """Route a CIDR or "default" by a gateway or an interface; replaces an equal route."""
    _ask(_NEWROUTE, _CREATE | _REPLACE, _route_body(destination, via, device, _UNICAST))


def add_unreachable(destination: str) -> None:
    """Refuse what no other route takes, by ICMP; `destination` is a CIDR, "0.0.0.0/0", "::/0"."""
    body = _route_body(destination, None, None, _UNREACHABLE)
    body += _attribute(_RTA_PRIORITY, struct.pack("=I", _LAST_METRIC))
    _ask(_NEWROUTE, _CREATE | _REPLACE, body)


def delete_route(destination: str, *, via: str | None = None, device: str | None = None) -> None:
    _ask(_DELROUTE, 0, _route_body(destination, via, device, 0))


def disable_tx_checksum(name: str) -> None:
    """Let the kernel fill in checksums: a userspace switch ignores partial ones."""
    value = ctypes.create_string_buffer(struct.pack("=II", _ETHTOOL_STXCSUM, 0))
    request = struct.pack("16sP", _name(name), ctypes.addressof(value))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        fcntl.ioctl(asker, _SIOCETHTOOL, request)


def _name(name: str) -> bytes:
    if not 0 < len(name) <= NAME_LENGTH_MAX:
        raise ValueError(f"interface name {name!r} must have 1 to {NAME_LENGTH_MAX} characters")
    return name.encode() + b"\0"


def _attribute(kind: int, payload: bytes) -> bytes:
    length = 4 + len(payload)
    return struct.pack("=HH", length, kind) + payload + bytes(-length % 4)


def _mac_attribute(mac: str) -> bytes:
    return _attribute(_IFLA_ADDRESS, bytes.fromhex(mac.replace(":", ""))) if mac else b""


def _address_body(name: str, cidr: str) -> bytes:
    interface = ipaddress.ip_interface(cidr)
    family = socket.AF_INET if interface.version == 4 else socket.AF_INET6
    packed = interface.ip.packed
    body = struct.pack("=BBBBI", family, interface.network.prefixlen, 0, 0, index_of(name))
    body += _attribute(_IFA_LOCAL, packed) + _attribute(_IFA_ADDRESS, packed)
    if interface.version == 6:
        body += _attribute(_IFA_FLAGS, struct.pack("=I", _IFA_F_NODAD))
    return body


def _route_body(destination: str, via: str | None, device: str | None, kind: int) -> bytes:
    version6 = ":" in (via or "") or ":" in destination
    any_address = "::/0" if version6 else "0.0.0.0/0"
    network = ipaddress.ip_network(any_address if destination == "default" else destination)
    family = socket.AF_INET6 if network.version == 6 else socket.AF_INET
    scope = 253 if via is None and device is not None and network.version == 4 else 0
    table, protocol_static = 254, 4
    body = struct.pack(
        "=BBBBBBBBI", family, network.prefixlen, 0, 0, table, protocol_static, scope, kind, 0
    )
    if network.prefixlen:
        body += _attribute(_RTA_DST, network.network_address.packed)
    if via is not None:
        body += _attribute(_RTA_GATEWAY, ipaddress.ip_address(via).packed)
    if device is not None:
        body += _attribute(_RTA_OIF, struct.pack("=I", index_of(device)))
    return body


def _ask(kind: int, flags: int, body: bytes) -> list[bytes]:
    """Send one request and collect its replies' bodies; a refusal is raised as OSError."""
    number = next(_sequence) & 0x7FFFFFFF
    wanted = _REQUEST | flags | (0 if flags & _DUMP == _DUMP else _ACK)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_ROUTE) as kernel:
        kernel.settimeout(5.0)
        kernel.bind((0, 0))
        kernel.send(struct.pack("=IHHII", 16 + len(body), kind, wanted, number, 0) + body)
        replies: list[bytes] = []
        while True:
            for reply_kind, reply in _messages(kernel.recv(1 << 16)):
                if reply_kind == _MSG_DONE:
                    return replies
                if reply_kind == _MSG_ERROR:
                    (code,) = struct.unpack_from("=i", reply)
                    if code:
                        raise OSError(-code, os.strerror(-code))
                    return replies
                replies.append(reply)


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    offset = 0
    while offset + 16 <= len(data):
        length, kind = struct.unpack_from("=IH", data, offset)
        yield kind, data[offset + 16 : offset + length]
        offset += (length + 3) & ~3


def _parse_link(reply: bytes) -> Link:
    index, flags = struct.unpack_from("=iI", reply, 4)
    attributes = dict(_attributes(reply, 16))
    return Link(
        index=index,
        name=attributes.get(_IFLA_IFNAME, b"").rstrip(b"\0").decode(),
        up=bool(flags & _IFF_UP),
        mac=attributes.get(_IFLA_ADDRESS, b"").hex(":"),
        mtu=int.from_bytes(attributes.get(_IFLA_MTU, b""), sys.byteorder),
    )


def _attributes(reply: bytes, offset: int) -> Iterator[tuple[int, bytes]]:
    while offset + 4 <= len(reply):
        length, kind = struct.unpack_from("=HH", reply, offset)
        yield kind, reply[offset + 4 : offset + length]
        offset += max(4, (length + 3) & ~3)

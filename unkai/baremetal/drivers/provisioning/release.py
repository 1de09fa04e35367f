"""Leases of machines that are gone: given back in their name, so that their addresses are free.

A reservation that vanished keeps its lease for some minutes; Neutron may give the address to
another machine before, which dnsmasq then refuses to serve. The packet is RFC 2131's DHCPRELEASE.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable
from typing import Final

from unkai.baremetal.drivers.provisioning.base import Reservation

_SO_BINDTODEVICE: Final = 25
_SERVER_PORT: Final = 67
_COOKIE: Final = b"\x63\x82\x53\x63"
_RELEASE: Final = b"\x35\x01\x07"
_END: Final = b"\xff"


def packet(one: Reservation, server: str) -> bytes:
    """The release of a lease, as the machine itself would send it."""
    mac = bytes.fromhex(one.mac.replace(":", ""))
    head = struct.pack(
        "!BBBBIHH4s4s4s4s16s192s",
        *(1, 1, 6, 0),
        int.from_bytes(mac[2:], "big"),
        *(0, 0),
        socket.inet_aton(one.address),
        *(bytes(4), bytes(4), bytes(4)),
        mac,
        bytes(192),
    )
    options = _RELEASE + b"\x36\x04" + socket.inet_aton(server) + _END
    return head + _COOKIE + options


def release(gone: Iterable[Reservation], server: str, link: str) -> None:
    """Send them from the server's own interface, in the calling thread's namespace."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.SOL_SOCKET, _SO_BINDTODEVICE, link.encode())
        for one in gone:
            sender.sendto(packet(one, server), (server, _SERVER_PORT))

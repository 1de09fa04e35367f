"""dnsmasq's words for one provisioning network. Pure functions.

A BIOS gets `undionly.kpxe` and a UEFI firmware `snponly.efi` by TFTP (or by HTTP, if it asks so);
both are iPXE, which asks again and gets a first script by TFTP. That one is the same for all and
does not need us: it asks for the machine's own script by HTTP, and once more while we restart. A
machine that boots by HTTP alone is sent there directly. A router is named nowhere: machines being
deployed have nothing to look for elsewhere. The prefix that is announced by IPv6
serves only to answer iPXE, which else waits 13 s for a router.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from unkai.baremetal.drivers.provisioning.base import Reservation, ServedNetwork

BIOS_LOADER: Final = "undionly.kpxe"
UEFI_LOADER: Final = "snponly.efi"
LEASE: Final = "10m"
FIRST_SCRIPT: Final = "first.ipxe"
SCRIPT_PATH: Final = "/boot.ipxe?mac=${netX/mac}"
_TRIES, _PAUSE_S = 90, 2
LOADER_PATH: Final = "/loader/"
_BY_HTTP: Final = "by-http"
_UEFI_ARCHS: Final = (6, 7, 9, 11)
_HTTP_ARCHS: Final = (15, 16, 19)


def announced_prefix(network_id: str) -> str:
    """A /64 of our own, told from others by the network's id."""
    digest = hashlib.sha256(network_id.encode()).digest()
    return str(ipaddress.IPv6Network((b"\xfd" + digest[:7] + bytes(8), 64)))


def own_addresses(network: ServedNetwork) -> set[str]:
    """Ours on the network's interface, with prefix lengths.

    A router's announcement counts only where it comes from a link-local address, which interfaces
    of the cloud's namespace do not get by themselves.
    """
    v6 = ipaddress.IPv6Network(announced_prefix(network.id))
    return {f"{network.address}/{network.cidr.partition('/')[2]}", f"{v6[1]}/64", "fe80::1/64"}


def config(network: ServedNetwork, link: str, folder: Path) -> str:
    """The configuration file; `folder` holds what belongs to this network, and tftp beside it."""
    subnet = ipaddress.ip_network(network.cidr)
    lines = [
        "port=0",
        f"interface={link}",
        "except-interface=lo",
        "bind-dynamic",
        "no-hosts",
        "no-resolv",
        "no-ping",
        "dhcp-authoritative",
        "leasefile-ro",
        "log-dhcp",
        f"log-facility={folder}/log",
        f"pid-file={folder}/pid",
        "user=nobody",
        "group=nogroup",
        f"dhcp-hostsfile={folder}/hosts",
        f"dhcp-range={subnet.network_address},static,{subnet.netmask},{LEASE}",
        "dhcp-option=option:router",
        "dhcp-option=option:dns-server",
        f"dhcp-option=option:mtu,{network.mtu}",
        "enable-tftp",
        f"tftp-root={folder.parent}/tftp",
        "enable-ra",
        f"dhcp-range={announced_prefix(network.id).removesuffix('/64')},ra-only,64,{LEASE}",
        "dhcp-match=set:ipxe,175",
        "dhcp-vendorclass=set:pxe,PXEClient",
        *(f"dhcp-match=set:efi,option:client-arch,{arch}" for arch in _UEFI_ARCHS),
        *(f"dhcp-match=set:http,option:client-arch,{arch}" for arch in _HTTP_ARCHS),
        f"dhcp-boot=tag:pxe,tag:!ipxe,tag:!efi,tag:!http,{BIOS_LOADER}",
        f"dhcp-boot=tag:!ipxe,tag:efi,{UEFI_LOADER}",
        f"dhcp-boot=tag:!ipxe,tag:http,{network.url}{LOADER_PATH}{UEFI_LOADER}",
        "dhcp-option-force=tag:http,tag:!ipxe,60,HTTPClient",
        f"dhcp-boot=tag:ipxe,tag:!{_BY_HTTP},{FIRST_SCRIPT}",
        f"dhcp-boot=tag:ipxe,tag:{_BY_HTTP},{network.url}{SCRIPT_PATH}",
    ]
    if network.pool is not None:
        first, last = network.pool
        lines.append(f"dhcp-range={first},{last},{subnet.netmask},{LEASE}")
    return "\n".join(lines) + "\n"


def hosts(reservations: Iterable[Reservation]) -> str:
    """The file of reservations, read again on SIGHUP."""
    return "".join(
        f"{one.mac},{f'set:{_BY_HTTP},' if one.by_http else ''}{one.address},{LEASE}\n"
        for one in sorted(reservations)
    )


def read_hosts(text: str) -> list[Reservation]:
    """What `hosts` wrote."""
    words = (line.split(",") for line in text.splitlines())
    return [
        Reservation(found[0], found[-2], f"set:{_BY_HTTP}" in found)
        for found in words
        if len(found) in (3, 4)
    ]


def first_script() -> str:
    """For whoever asks: go to the HTTP of who served it, for some minutes if nobody answers."""
    return (
        "#!ipxe\n"
        "set tries:int32 0\n"
        ":again\n"
        f"chain --replace http://${{next-server}}{SCRIPT_PATH} ||\n"
        "inc tries\n"
        f"iseq ${{tries}} {_TRIES} && exit 1 ||\n"
        f"echo Unkai: no answer yet, trying again in {_PAUSE_S} seconds\n"
        f"sleep {_PAUSE_S}\n"
        "goto again\n"
    )


def free_pool(cidr: str, taken: Iterable[tuple[str, str]], own: str) -> tuple[str, str] | None:
    """The longest run of addresses outside of the allocation pools: for unknown machines."""
    subnet = ipaddress.IPv4Network(cidr)
    first, last = int(subnet.network_address) + 1, int(subnet.broadcast_address) - 1
    edges = [(int(ipaddress.IPv4Address(a)), int(ipaddress.IPv4Address(b))) for a, b in taken]
    ours = int(ipaddress.IPv4Address(own))
    edges.append((ours, ours))
    best = (0, -1)
    start = first
    for low, high in [*sorted(edges), (last + 1, last + 1)]:
        if low - 1 - start > best[1] - best[0]:
            best = (start, low - 1)
        start = max(start, high + 1)
    if best[1] < best[0]:
        return None
    return str(ipaddress.IPv4Address(best[0])), str(ipaddress.IPv4Address(best[1]))

"""DHCP: a row of options per subnet, shared by its ports, and one per port that asks for more.

OVN answers DHCP itself, on the host of the guest. Values of text options carry their own quotes.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Callable, Iterator
from typing import Final

from unkai.network.drivers.base import DesiredSubnet
from unkai.network.drivers.ovn.rows import Key, RowSpec
from unkai.network.model import BOOT_BY, BY_VOLUME, Port, Subnet

LEASE_S: Final = 43_200
_METADATA_ROUTE: Final = "169.254.169.254/32"


def subnet(wanted: DesiredSubnet) -> Iterator[RowSpec]:
    """The shared row; none where DHCP is off or addresses come by router advertisement."""
    options = _options(wanted)
    if options is not None:
        yield RowSpec(
            key=Key("subnet", wanted.subnet.id, "dhcp"),
            table="DHCP_Options",
            columns={"cidr": wanted.subnet.cidr, "options": options},
        )


def port(port: Port, wanted: DesiredSubnet) -> Iterator[RowSpec]:
    """The row a port uses, first: its own where it has extra options, else the subnet's."""
    options = _options(wanted)
    if options is None:
        return
    version = wanted.subnet.ip_version
    extra = [option for option in port.extra_dhcp_opts if option.ip_version == version]
    columns = {"cidr": wanted.subnet.cidr, "options": options}
    script = _volume_script(port, wanted)
    if not extra and script is None:
        yield RowSpec(
            key=Key("subnet", wanted.subnet.id, "dhcp"),
            table="DHCP_Options",
            columns=columns,
            skeleton=True,
        )
        return
    if script is not None:
        options["bootfile_name"] = _quoted(script)
    known = _EXTRA4_ROWS if version == 4 else _EXTRA6_ROWS
    for option in extra:
        for names, ovn_name, form in known:
            if option.opt_name.lower() in names.split():
                options[ovn_name] = form(option.opt_value)
    yield RowSpec(
        key=Key("port", port.id, f"dhcpv{version}"), table="DHCP_Options", columns=columns
    )


def _volume_script(port: Port, wanted: DesiredSubnet) -> str | None:
    """Where the iPXE of a machine that boots from a volume finds its script."""
    if port.binding_profile.get(BOOT_BY) != BY_VOLUME or wanted.metadata_ip is None:
        return None
    return f"http://{wanted.metadata_ip}/boot.ipxe" if wanted.subnet.ip_version == 4 else None


def server_mac(subnet_id: str) -> str:
    """The MAC that DHCP answers come from: any, but always the same."""
    digest = hashlib.sha256(f"dhcp {subnet_id}".encode()).digest()
    return "fa:16:3e:" + digest[:3].hex(":")


def _options(wanted: DesiredSubnet) -> dict[str, str] | None:
    if not wanted.subnet.enable_dhcp:
        return None
    return _options4(wanted) if wanted.subnet.ip_version == 4 else _options6(wanted)


def _options4(wanted: DesiredSubnet) -> dict[str, str]:
    subnet = wanted.subnet
    options = {
        "lease_time": str(LEASE_S),
        "mtu": str(wanted.network.mtu),
        "server_id": subnet.gateway_ip or wanted.metadata_ip or _first_host(subnet),
        "server_mac": server_mac(subnet.id),
    }
    routes = [(route.destination, route.nexthop) for route in subnet.host_routes]
    if wanted.metadata_ip is not None:
        routes.insert(0, (_METADATA_ROUTE, wanted.metadata_ip))
    if subnet.gateway_ip is not None:
        options["router"] = subnet.gateway_ip
        if routes and not any(destination == "0.0.0.0/0" for destination, _ in routes):
            routes.append(("0.0.0.0/0", subnet.gateway_ip))
    if routes:
        pairs = ", ".join(f"{destination},{nexthop}" for destination, nexthop in routes)
        options["classless_static_route"] = f"{{{pairs}}}"
    if servers := _servers(wanted, 4):
        options["dns_server"] = _set(servers)
    if wanted.network.dns_domain:
        options["domain_name"] = _quoted(wanted.network.dns_domain.rstrip("."))
    return options


def _options6(wanted: DesiredSubnet) -> dict[str, str] | None:
    subnet = wanted.subnet
    if subnet.ipv6_address_mode not in ("dhcpv6-stateful", "dhcpv6-stateless"):
        return None
    options = {"server_id": server_mac(subnet.id)}
    if subnet.ipv6_address_mode == "dhcpv6-stateless":
        options["dhcpv6_stateless"] = "true"
    if servers := _servers(wanted, 6):
        options["dns_server"] = _set(servers)
    if wanted.network.dns_domain:
        options["domain_search"] = _quoted(wanted.network.dns_domain.rstrip("."))
    return options


def _servers(wanted: DesiredSubnet, version: int) -> list[str]:
    chosen = wanted.subnet.dns_nameservers or wanted.dns_nameservers
    return [server for server in chosen if ipaddress.ip_address(server).version == version]


def _first_host(subnet: Subnet) -> str:
    return str(ipaddress.ip_network(subnet.cidr)[1])


def _plain(value: str) -> str:
    return value


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "").replace('"', "") + '"'


def _set(values: list[str]) -> str:
    return "{" + ", ".join(values) + "}"


def _list(value: str) -> str:
    return _set([part.strip() for part in value.strip("{}").split(",") if part.strip()])


_Form = Callable[[str], str]
# Names as dnsmasq and RFC 2132 have them, and numbers. "bootfile_name" goes to a client that says
# it is iPXE, "bootfile_name_alt" to every other one; "bootfile_name" alone goes to all.
_EXTRA4_ROWS: Final[tuple[tuple[str, str, _Form], ...]] = (
    ("netmask 1", "netmask", _plain),
    ("router 3", "router", _plain),
    ("dns-server 6", "dns_server", _list),
    ("log-server 7", "log_server", _list),
    ("domain-name 15", "domain_name", _quoted),
    ("ip-forward-enable 19", "ip_forward_enable", _plain),
    ("default-ttl 23", "default_ttl", _plain),
    ("mtu 26", "mtu", _plain),
    ("ntp-server 42", "ntp_server", _list),
    ("lease-time 51", "lease_time", _plain),
    ("tftp-server 66", "tftp_server", _quoted),
    ("bootfile-name 67 tag:ipxe,67 tag:ipxe,bootfile-name", "bootfile_name", _quoted),
    ("!tag:ipxe,67 tag:!ipxe,67 tag:!ipxe,bootfile-name", "bootfile_name_alt", _quoted),
    ("domain-search 119", "domain_search_list", _quoted),
    ("classless-static-route 121", "classless_static_route", _list),
    ("server-ip-address tftp-server-address 150 255", "tftp_server_address", _list),
    ("server-ip-address tftp-server-address 150 255", "next_server", _plain),
    ("path-prefix 210", "path_prefix", _quoted),
    ("wpad 252", "wpad", _quoted),
)
_EXTRA6_ROWS: Final[tuple[tuple[str, str, _Form], ...]] = (
    ("dns-server 23", "dns_server", _list),
    ("domain-search 24", "domain_search", _quoted),
)

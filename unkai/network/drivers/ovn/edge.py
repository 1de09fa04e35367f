"""What surrounds OVN in the cloud's namespace: metadata sockets, and gateways of external networks.

Both follow from rows of the northbound database alone and are compared with what is there, so they
come back after a crash of anybody. A network's metadata lives in a tiny namespace of its own, with
a veth to the integration bridge: tenants' equal subnets never meet, and guests reach one socket
there and nothing else of the host. An external network's gateway address stands on its bridge;
what guests send further is refused by ICMP, not dropped in silence.

Rejected: one namespace with a device per network and SO_BINDTODEVICE: a guest may bear an address
that another network's metadata port has, which the kernel takes for a forgery of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from unkai.kit import netns, rtnetlink
from unkai.kit.clock import Clock
from unkai.kit.log import log
from unkai.kit.ovsdb import Ovsdb
from unkai.kit.ovsdb_rows import Row
from unkai.kit.switch_links import raise_link
from unkai.network.drivers.base import Stranger
from unkai.network.drivers.metadata import MetadataDoor
from unkai.network.drivers.ovn import switch
from unkai.network.drivers.ovn.daemons import metadata_namespace, metadata_namespaces
from unkai.network.drivers.ovn.render import (
    ADDRESSES_ID,
    GATEWAYS_ID,
    METADATA_ADDRESS,
    NETWORK_ID,
    PHYSNET_ID,
)
from unkai.network.drivers.ovn.site import INTEGRATION_BRIDGE, Site

_RETRY_S: Final = (0.05, 0.1, 0.2, 0.5, 1.0, 5.0)
_AT_ONCE: Final = 4
_TUNNELS: Final = ("tunl0", "sit0", "ip6tnl0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0")
_KERNELS_LINKS: Final = frozenset({"lo", "ovs-netdev", "ovs-system", "ip6gre0", *_TUNNELS})
"""What the kernel and the switch put into a namespace by themselves."""
_OTHERS: Final = ("tap", "genev_sys", "vxlan_sys")
"""Guests' taps, which their host looks after, and the switch's tunnels."""


@dataclass(frozen=True, slots=True)
class MetadataPort:
    """A network's metadata port as its row tells it. `addresses` have prefix lengths."""

    network_id: str
    port_id: str
    mac: str
    addresses: tuple[str, ...]

    @property
    def link(self) -> str:
        return "md" + self.network_id.replace("-", "")[:12]

    def is_at(self, other: MetadataPort) -> bool:
        """Whether it is the same port, with whatever addresses."""
        return (self.port_id, self.mac) == (other.port_id, other.mac)


class Edge:
    """Keeps the surroundings of one site as the northbound database wants them."""

    def __init__(
        self, site: Site, north: Ovsdb, switch_db: Ovsdb, *, clock: Clock, door: MetadataDoor | None
    ) -> None:
        self._site = site
        self._north = north
        self._switch = switch_db
        self._clock = clock
        self._door = door
        self._ports: dict[str, MetadataPort] = {}
        self._gateways: dict[str, tuple[str, str]] = {}
        self._served: dict[str, MetadataPort] = {}
        self._addressed: dict[str, frozenset[str]] = {}
        self._wake = asyncio.Event()
        self._settled = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        north.watch("Logical_Switch_Port", self._follow_port)
        north.watch("Logical_Switch", self._follow_switch)

    def start(self) -> None:
        self._task = asyncio.create_task(self._keep(), name="network edge")

    async def close(self) -> None:
        """Close the sockets and stop following; namespaces and addresses stay."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        for network_id in list(self._served):
            if self._door is not None:
                await self._door.close(network_id)
        self._served.clear()

    def look_again(self) -> None:
        """The switch was restarted: its internal interfaces are new and have no address."""
        self._addressed.clear()
        self._stir()

    async def settled(self) -> None:
        """Until everything is as the database wants it."""
        await self._settled.wait()

    async def strangers(self) -> list[Stranger]:
        """Namespaces, links and interfaces that no network's metadata needs; and what is missing.

        Nothing while something is being changed.
        """
        if not self._settled.is_set():
            return []
        site = self._site
        wanted = {port.network_id: port.link for port in self._ports.values()}
        spaces = {self._namespace(network_id) for network_id in wanted}
        bridges = {b for name in site.physnets if (b := site.bridge_of(name)) is not None}
        bridges.add(INTEGRATION_BRIDGE)
        fine = {*wanted.values(), *bridges, *(link for _, link in site.uplinks)}
        links = await asyncio.to_thread(netns.link_names, site.namespace)
        odd = switch.strange_interfaces(self._switch, fine, bridges)
        plugged = switch.interface_names(self._switch) - set(odd)
        others = {*fine, *plugged, *_KERNELS_LINKS}
        strange = {link for link in links if link not in others and not link.startswith(_OTHERS)}
        there = {name for name in metadata_namespaces(site) if netns.exists(name)}
        return [
            *(Stranger("namespace", name) for name in there - spaces),
            *(Stranger("missing namespace", name) for name in spaces - there),
            *(Stranger("link", name) for name in strange),
            *(Stranger("missing link", name) for name in set(wanted.values()) - set(links)),
            *(Stranger("interface", name) for name in odd),
        ]

    # --- what is wanted

    def _follow_port(self, uuid: str, _: Row | None, new: Row | None) -> None:
        port = _metadata_port(new) if new is not None else None
        if self._ports.get(uuid) == port:
            return
        if port is None:
            del self._ports[uuid]
        else:
            self._ports[uuid] = port
        self._stir()

    def _follow_switch(self, uuid: str, _: Row | None, new: Row | None) -> None:
        ids = new.map("external_ids") if new is not None else {}
        gateway = (ids[PHYSNET_ID], ids[GATEWAYS_ID]) if GATEWAYS_ID in ids else None
        if self._gateways.get(uuid) == gateway:
            return
        if gateway is None:
            del self._gateways[uuid]
        else:
            self._gateways[uuid] = gateway
        self._stir()

    def _stir(self) -> None:
        self._settled.clear()
        self._wake.set()

    # --- making it so

    async def _keep(self) -> None:
        failures = 0
        self._stir()
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._set_gateways()
                await self._set_metadata()
            except Exception as error:  # noqa: BLE001  # whatever it is: try again, say so
                log.warning("network.edge_failed", why=str(error), failures=failures)
                await self._clock.sleep(_RETRY_S[min(failures, len(_RETRY_S) - 1)])
                failures += 1
                self._wake.set()
            else:
                failures = 0
                if not self._wake.is_set():
                    self._settled.set()

    async def _set_gateways(self) -> None:
        wanted: dict[str, set[str]] = {
            bridge: set() for name in self._site.physnets if (bridge := self._site.bridge_of(name))
        }
        for physnet, addresses in self._gateways.values():
            if (bridge := self._site.bridge_of(physnet)) is not None:
                wanted[bridge].update(addresses.split())
        for bridge, addresses in wanted.items():
            if self._addressed.get(bridge) != frozenset(addresses):
                await raise_link(self._switch, self._site.namespace, bridge)
                await netns.run(self._site.namespace, _addressing(bridge, addresses))
                self._addressed[bridge] = frozenset(addresses)

    async def _set_metadata(self) -> None:
        wanted = {port.network_id: port for port in self._ports.values()}
        known = {self._namespace(network_id) for network_id in wanted}
        gone = [port for port in self._served.values() if wanted.get(port.network_id) != port]
        for port in gone:
            now = wanted.get(port.network_id)
            await self._unserve(port, stays=now is not None and now.is_at(port))
        for name in metadata_namespaces(self._site):
            if name not in known:
                await self._unplug(name)
        new = [port for port in wanted.values() if port.network_id not in self._served]
        slots = asyncio.Semaphore(_AT_ONCE)
        await asyncio.gather(*(self._plumb(port, slots) for port in new))
        await switch.set_interfaces(self._switch, {port.link: port.port_id for port in new})
        for port in new:
            await self._serve(port)

    async def _plumb(self, port: MetadataPort, slots: asyncio.Semaphore) -> None:
        async with slots:
            await asyncio.to_thread(_plumb, self._site, port, self._namespace(port.network_id))

    async def _serve(self, port: MetadataPort) -> None:
        if self._door is not None:
            listener = await netns.run(self._namespace(port.network_id), _listen)
            await self._door.open(port.network_id, listener)
        self._served[port.network_id] = port

    async def _unserve(self, port: MetadataPort, *, stays: bool) -> None:
        """stays: its namespace, and what machines have open there."""
        if self._door is not None:
            await self._door.close(port.network_id)
        self._served.pop(port.network_id, None)
        if not stays:
            await self._unplug(self._namespace(port.network_id))

    async def _unplug(self, namespace: str) -> None:
        link = "md" + namespace.rpartition(".md-")[2].replace("-", "")[:12]
        await switch.remove_interfaces(self._switch, [link])
        await netns.run(self._site.namespace, lambda: rtnetlink.delete_link(link))
        await asyncio.to_thread(netns.delete, namespace)

    def _namespace(self, network_id: str) -> str:
        return metadata_namespace(self._site, network_id)


def prepare_namespace() -> None:
    """Inside the cloud's namespace: refuse what leads nowhere by ICMP, be silent otherwise."""
    settings = {
        "ipv4/ip_forward": "1",  # without it the kernel drops what is not its own, in silence
        "ipv4/icmp_ratelimit": "0",
        "ipv6/conf/all/forwarding": "1",
        "ipv6/conf/default/accept_ra": "0",
        "ipv6/conf/default/addr_gen_mode": "1",  # no link-local chatter on guests' taps
    }
    for name, value in settings.items():
        with contextlib.suppress(FileNotFoundError):  # a kernel without IPv6
            Path(f"/proc/sys/net/{name}").write_text(value)
    rtnetlink.add_unreachable("0.0.0.0/0")
    with contextlib.suppress(OSError):
        rtnetlink.add_unreachable("::/0")


def _metadata_port(row: Row) -> MetadataPort | None:
    ids = row.map("external_ids")
    if row.text("type") != "localport" or NETWORK_ID not in ids:
        return None
    [first, *_] = row.texts("addresses") or ("",)
    addresses = tuple(ids.get(ADDRESSES_ID, "").split())
    return MetadataPort(ids[NETWORK_ID], row.text("name"), first.split(" ")[0], addresses)


def _plumb(site: Site, port: MetadataPort, namespace: str) -> None:
    """The namespace, the veth into it and its addresses; all but the socket. Blocks."""
    netns.create(namespace)
    if "eth0" not in netns.link_names(namespace):
        netns.call(site.namespace, lambda: rtnetlink.delete_link(port.link))
        netns.add_veth(site.namespace, port.link, namespace, "eth0", peer_mac=port.mac)
    wanted = {*port.addresses, f"{METADATA_ADDRESS}/32"}

    def inside() -> None:
        rtnetlink.set_link("eth0", mac=port.mac, up=True)
        _address("eth0", wanted)
        if site.needs_full_checksums:
            rtnetlink.disable_tx_checksum("eth0")

    netns.call(namespace, inside)


def _addressing(link: str, wanted: set[str]) -> Callable[[], None]:
    return lambda: _address(link, wanted)


def _address(link: str, wanted: set[str]) -> None:
    actual = set(rtnetlink.addresses(link))
    for address in wanted - actual:
        rtnetlink.add_address(link, address)
    for address in actual - wanted:
        rtnetlink.delete_address(link, address)


def _listen() -> socket.socket:
    """At every address there: firmware takes no route to the metadata's."""
    return netns.listen_tcp(None, "0.0.0.0", 80)

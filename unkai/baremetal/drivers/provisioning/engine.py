"""Provisioning networks for real: an interface, a dnsmasq and a socket for HTTP in each."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from unkai.baremetal.drivers.provisioning.base import Recorder, Reservation, ServedNetwork
from unkai.baremetal.drivers.provisioning.dnsmasq import Dnsmasq, replace_file
from unkai.baremetal.drivers.provisioning.dnsmasq_config import (
    BIOS_LOADER,
    FIRST_SCRIPT,
    UEFI_LOADER,
    first_script,
    read_hosts,
)
from unkai.baremetal.drivers.provisioning.link import Links
from unkai.kit import netns
from unkai.kit.clock import Clock
from unkai.kit.errors import Failed, Fault
from unkai.kit.log import log
from unkai.network.drivers.metadata import MetadataDoor

HTTP_PORT: Final = 80
LOADERS: Final = Path("/usr/lib/ipxe")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where machines are served from.

    folder: run files, ours alone, but readable by everybody. bridges: of the physical networks.
    """

    namespace: str
    switch_socket: Path
    folder: Path
    bridges: Mapping[str, str]


class DnsmasqProvisioning:
    """door: who answers HTTP; it gets a listening socket per network."""

    def __init__(
        self, place: Place, *, clock: Clock, recorder: Recorder, door: MetadataDoor
    ) -> None:
        self._place = place
        self._clock = clock
        self._recorder = recorder
        self._door = door
        self._links = Links(place.namespace, place.switch_socket, clock)
        self._served: dict[str, ServedNetwork] = {}
        self._servers: dict[str, Dnsmasq] = {}
        self._listening: dict[str, str] = {}

    async def serve(self, wanted: Sequence[ServedNetwork]) -> None:
        known = {network.id for network in wanted}
        faults: list[Fault] = []
        for network_id, link in (await self._links.present()).items():
            if network_id not in known:
                await self._remove(network_id, link)
        if wanted:
            self._have_tftp_files()
        for network in wanted:
            try:
                await self._serve(network)
            except Fault as fault:
                log.warning("provisioning.not_served", network=network.name, why=fault.public)
                faults.append(fault)
        if faults:
            raise faults[0]

    def served(self) -> tuple[ServedNetwork, ...]:
        return tuple(self._served.values())

    def reservations(self) -> dict[str, set[Reservation]]:
        files = self._place.folder.glob("*/hosts")
        return {file.parent.name: set(read_hosts(file.read_text())) for file in files}

    async def close(self) -> None:
        for network_id in list(self._listening):
            await self._door.close(network_id)
        self._listening.clear()
        for server in self._servers.values():
            await server.close()
        await self._links.close()

    async def stop(self) -> None:
        """The interfaces go with the cloud's switch and namespace."""
        await self.close()
        for folder in self._place.folder.glob("*/conf"):
            await self._dnsmasq(folder.parent.name).stop()
        shutil.rmtree(self._place.folder, ignore_errors=True)

    async def _serve(self, network: ServedNetwork) -> None:
        bridge = self._place.bridges.get(network.physical_network)
        if bridge is None:
            raise Failed(
                f"Network {network.name} is on physical network {network.physical_network}, which "
                "this host does not have.",
                code="physical-network-mismatch",
            )
        self._served[network.id] = network
        link = await self._links.ensure(network, bridge)
        await self._dnsmasq(network.id).ensure(network, link)
        if self._listening.get(network.id) != network.address:
            listener = await netns.run(
                self._place.namespace,
                lambda: netns.listen_tcp(None, network.address, HTTP_PORT),
            )
            await self._door.open(network.id, listener)
            self._listening[network.id] = network.address

    async def _remove(self, network_id: str, link: str) -> None:
        if self._listening.pop(network_id, None) is not None:
            await self._door.close(network_id)
        await self._dnsmasq(network_id).stop()
        await self._links.remove(link)
        self._servers.pop(network_id, None)
        self._served.pop(network_id, None)
        shutil.rmtree(self._place.folder / network_id, ignore_errors=True)

    def _dnsmasq(self, network_id: str) -> Dnsmasq:
        if network_id not in self._servers:
            self._servers[network_id] = Dnsmasq(
                self._place.namespace,
                self._place.folder / network_id,
                clock=self._clock,
                recorder=self._recorder,
            )
        return self._servers[network_id]

    def _have_tftp_files(self) -> None:
        """IPXE and its first script."""
        folder = self._place.folder / "tftp"
        folder.mkdir(parents=True, exist_ok=True, mode=0o755)
        replace_file(folder / FIRST_SCRIPT, first_script())
        for name in (BIOS_LOADER, UEFI_LOADER):
            if (folder / name).exists():
                continue
            if not (LOADERS / name).exists():
                raise Failed(
                    f"{LOADERS / name} is missing.",
                    code="provisioning-program-missing",
                    remedy="Install the package ipxe.",
                )
            shutil.copy(LOADERS / name, folder / name)

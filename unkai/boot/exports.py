"""The wiring of iSCSI: who serves volumes, where, and how that ends with the cloud."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from contextlib import AsyncExitStack

from unkai.block_storage.drivers.exports import Exporter, FakeExporter
from unkai.block_storage.drivers.iscsi.exporter import IscsiExporter
from unkai.block_storage.model import Portal
from unkai.boot.site import World, network_driver
from unkai.kit.clock import Clock
from unkai.network.drivers.ovn.daemons import metadata_namespace
from unkai.settings import Settings


def cloud_portal(settings: Settings) -> Portal:
    """Where who is on no network of the cloud's reaches volumes."""
    named = settings.block_storage.iscsi_address
    return Portal("", named or str(ipaddress.ip_network(settings.network.external_cidr)[1]))


def open_exports(
    settings: Settings, world: World, stack: AsyncExitStack, clock: Clock
) -> tuple[Exporter, list[Callable[[], None]]]:
    """With a list of those to be told of a death; what is served outlives us."""
    wakers: list[Callable[[], None]] = []
    if world.namespace is None:
        return FakeExporter(), wakers

    def died() -> None:
        for wake in wakers:
            wake()

    exporter = _exporter(settings, clock, died)
    stack.callback(exporter.close_watches)
    return exporter, wakers


async def stop_exports(settings: Settings) -> None:
    """For a cloud that is stopped."""
    await _exporter(settings, Clock(), lambda: None).stop()


def _exporter(settings: Settings, clock: Clock, died: Callable[[], None]) -> IscsiExporter:
    site = network_driver(settings, clock).site

    def namespace_of(network_id: str) -> str:
        return metadata_namespace(site, network_id) if network_id else site.namespace

    return IscsiExporter(
        settings.run_dir / "iscsi",
        settings.export_dir,
        namespace_of=namespace_of,
        clock=clock,
        died=died,
    )

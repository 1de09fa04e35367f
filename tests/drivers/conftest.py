"""Fixtures of the drivers that need the machine: an OVN of a test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.drivers.network_rigs import Lab, names, tell_who
from unkai.kit.clock import Clock
from unkai.network.drivers.metadata import MetadataServer
from unkai.network.drivers.ovn.driver import OvnDriver
from unkai.network.drivers.ovn.site import Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    name = next(names())
    return Site(
        namespace=name, run_dir=Path("/run") / name, state_dir=tmp_path / "ovn", chassis="h1"
    )


@pytest.fixture
async def lab(site: Site) -> AsyncIterator[Lab]:
    door = MetadataServer(tell_who)
    made = Lab(OvnDriver(site, clock=Clock(), door=door))
    try:
        await made.driver.start()
        yield made
    finally:
        made.clear()
        await door.close_all()
        await made.driver.stop()

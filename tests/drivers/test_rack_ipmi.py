"""A machine of the rack behind ipmi_sim, as a stock ipmitool sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.drivers.network_rigs import soon
from tests.drivers.rack_rigs import Clients, needs_rack, open_floor, says
from unkai.rack import MachineSpec, Rack

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120), needs_rack]


@pytest.fixture
async def rack(tmp_path: Path) -> AsyncIterator[Rack]:
    async with open_floor(tmp_path) as settings:
        made = Rack(settings)
        await made.start([MachineSpec(name="node1", memory_mib=256)])
        yield made


async def test_a_machine_is_powered_on_reset_and_off(rack: Rack) -> None:
    clients, machine = Clients(rack), rack.machines["node1"]
    assert await soon(lambda: clients.is_on("node1"), expected=False)

    await clients.ipmi("node1", "chassis", "power", "on")

    assert await clients.is_on("node1")
    assert await rack.is_on("node1")
    await says(machine, "iPXE")
    said = len(machine.console())
    await clients.ipmi("node1", "chassis", "power", "reset")
    await says(machine, "SeaBIOS") if said == 0 else None
    await clients.ipmi("node1", "chassis", "power", "off")
    assert not await rack.is_on("node1")

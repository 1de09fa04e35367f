"""Our drivers against the rack: real BMCs in a network namespace, machines that are QEMUs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.drivers.rack_rigs import needs_rack, open_floor
from unkai.baremetal.drivers.base import Power
from unkai.baremetal.drivers.bmcs import Bmcs
from unkai.baremetal.model import Node, PowerState
from unkai.kit.clock import Chance, Clock
from unkai.kit.errors import Unavailable
from unkai.rack import MachineSpec, Rack

pytestmark = [pytest.mark.anyio, needs_rack]
DEADLINE_S = 60


@pytest.fixture
async def rack(tmp_path: Path) -> AsyncIterator[Rack]:
    async with open_floor(tmp_path) as settings:
        made = Rack(settings)
        await made.start(
            [
                MachineSpec(name="ipmi", memory_mib=256),
                MachineSpec(name="redfish", bmc="redfish", firmware="uefi", memory_mib=256),
            ]
        )
        yield made


async def until_answered(power: Power, node: Node) -> None:
    """A rack's BMCs take a moment to start."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            try:
                await power.get_power_state(node)
            except Unavailable:
                await Clock().sleep(0.1)
            else:
                return


async def test_both_kinds_of_bmc_are_reached_from_outside_their_namespace(rack: Rack) -> None:
    bmcs = Bmcs(Clock(), Chance(), rack.settings.namespace)
    try:
        for name, kind in (("ipmi", "ipmitool"), ("redfish", "redfish")):
            bmc = rack.machines[name].bmc
            node = Node(uuid=name, driver=name, driver_info=dict(bmc.driver_info), created_at=0)
            power, management = bmcs.power()[kind], bmcs.management()[kind]
            await until_answered(power, node)
            assert await power.get_power_state(node) is PowerState.OFF
            await management.set_boot_device(node, "pxe", persistent=False)
            assert (await management.get_boot_device(node))[0] == "pxe"
            for target in (PowerState.ON, PowerState.OFF):
                await power.set_power_state(node, target)
                async with asyncio.timeout(DEADLINE_S):
                    while await power.get_power_state(node) is not target:
                        await Clock().sleep(0.1)
            assert await management.get_sensors(node)
        found = await bmcs.inspect()["redfish"].inspect(node)
        macs = [one["mac_address"] for one in found.inventory["interfaces"]]
        assert macs == rack.machines["redfish"].macs
        assert found.inventory["memory"]["physical_mb"] > 0
    finally:
        await bmcs.close()


async def test_a_console_shows_the_firmware(rack: Rack) -> None:
    bmcs = Bmcs(Clock(), Chance(), rack.settings.namespace)
    info = dict(rack.machines["ipmi"].bmc.driver_info)
    node = Node(uuid="ipmi", driver="ipmi", driver_info=info, created_at=0)
    power = bmcs.power()["ipmitool"]
    try:
        await until_answered(power, node)
        stream = await bmcs.console()["ipmitool-socat"].open(node)
        await power.set_power_state(node, PowerState.ON)
        said = b""
        async with asyncio.timeout(DEADLINE_S):
            async for part in stream:
                said += part
                if b"SeaBIOS" in said:
                    break
        await stream.close()
        assert b"SeaBIOS" in said
    finally:
        await bmcs.close()

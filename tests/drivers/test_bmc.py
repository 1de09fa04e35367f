"""One suite for every way to reach a machine: played, by IPMI (ipmi_sim), by Redfish (sushy-tools).

Each has a machine of its own for the whole module, off at first.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.drivers.ipmi_rigs import IPMI_SIM, SimulatedBmc
from tests.drivers.redfish_rigs import RedfishService
from unkai.baremetal.drivers.base import Management, Power, Unsupported
from unkai.baremetal.drivers.fake import FakeMachines, FakeManagement, FakePower
from unkai.baremetal.drivers.ipmi.client import Ipmi
from unkai.baremetal.drivers.ipmi.management import IpmiManagement
from unkai.baremetal.drivers.ipmi.power import IpmiPower
from unkai.baremetal.drivers.redfish.client import Redfish
from unkai.baremetal.drivers.redfish.management import RedfishManagement
from unkai.baremetal.drivers.redfish.power import RedfishPower
from unkai.baremetal.model import Node, PowerState
from unkai.kit.clock import Chance, Clock
from unkai.kit.errors import BadRequest

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("bmc")]
KINDS = ("fake", "ipmi", "redfish")
FAKE = Node(uuid="5f0e0c9a-0000-4000-8000-000000000003", driver="fake-hardware", created_at=0)


@dataclass
class Reach:
    kind: str
    node: Node
    power: Power
    management: Management


@pytest.fixture(scope="module", params=KINDS)
def machine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Node]]:
    kind: str = request.param
    if kind == "ipmi" and IPMI_SIM is None:
        pytest.skip("ipmi_sim (openipmi) is missing")
    folder: Path = tmp_path_factory.mktemp(kind)
    with contextlib.ExitStack() as stack:
        node = FAKE
        if kind != "fake":
            bmc = SimulatedBmc(folder) if kind == "ipmi" else RedfishService(folder)
            stack.callback(bmc.stop)
            bmc.start()
            node = bmc.node
        yield kind, node


@pytest.fixture
async def reach(machine: tuple[str, Node]) -> AsyncIterator[Reach]:
    kind, node = machine
    if kind == "ipmi":
        ipmi = Ipmi(Clock(), Chance())
        yield Reach(kind, node, IpmiPower(ipmi, Clock()), IpmiManagement(ipmi))
        await ipmi.close()
    elif kind == "redfish":
        redfish = Redfish()
        yield Reach(kind, node, RedfishPower(redfish), RedfishManagement(redfish))
        await redfish.close()
    else:
        machines = FakeMachines()
        yield Reach(kind, node, FakePower(machines), FakeManagement(machines))


async def test_power_goes_on_and_off_and_twice_is_once(reach: Reach) -> None:
    for target in (PowerState.ON, PowerState.ON, PowerState.OFF, PowerState.OFF):
        await reach.power.set_power_state(reach.node, target)
        assert await reach.power.get_power_state(reach.node) is target


async def test_a_soft_off_is_off(reach: Reach) -> None:
    await reach.power.set_power_state(reach.node, PowerState.ON)
    await reach.power.set_power_state(reach.node, PowerState.SOFT_OFF)
    assert await reach.power.get_power_state(reach.node) is PowerState.OFF


async def test_a_reboot_of_a_machine_that_is_off_starts_it(reach: Reach) -> None:
    await reach.power.set_power_state(reach.node, PowerState.OFF)
    await reach.power.set_power_state(reach.node, PowerState.REBOOT)
    assert await reach.power.get_power_state(reach.node) is PowerState.ON
    await reach.power.set_power_state(reach.node, PowerState.OFF)


@pytest.mark.parametrize("device", ["pxe", "disk", "cdrom"])
async def test_a_boot_device_is_kept_once_set(reach: Reach, device: str) -> None:
    assert device in reach.management.supported_boot_devices(reach.node)
    await reach.management.set_boot_device(reach.node, device, persistent=False)
    found, _ = await reach.management.get_boot_device(reach.node)
    assert found == device


async def test_what_a_machine_cannot_do_is_unsupported(reach: Reach) -> None:
    with pytest.raises(Unsupported):
        await reach.management.set_boot_device(reach.node, "moon", persistent=False)
    if reach.kind == "ipmi":
        with pytest.raises(Unsupported):
            await reach.management.insert_media(reach.node, "cdrom", "http://127.0.0.1/x.iso")
        with pytest.raises(Unsupported):
            await reach.management.boot_from_url(reach.node, "http://127.0.0.1/x.iso")


async def test_the_light_and_the_sensors_answer(reach: Reach) -> None:
    await reach.management.set_indicator(reach.node, on=True)
    sensors = await reach.management.get_sensors(reach.node)
    if reach.kind != "fake":
        assert any(
            one["Sensor Reading"].endswith("degrees C") and one["Status"] == "ok"
            for one in sensors["Temperature"].values()
        )


async def test_driver_info_is_checked_without_asking_anybody(reach: Reach) -> None:
    reach.power.validate(reach.node)
    for key in reach.power.properties():
        if not key.endswith("_address"):
            continue
        info = {name: value for name, value in reach.node.driver_info.items() if name != key}
        bare = Node(uuid=reach.node.uuid, driver=reach.kind, driver_info=info, created_at=0)
        with pytest.raises(BadRequest, match=key):
            reach.power.validate(bare)

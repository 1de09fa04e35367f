"""Power sync on played machines: what it writes, what it leaves alone, what it sets back."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from tests.api.baremetal.rig import Rig
from unkai.baremetal.actions.record_bmc_calls import BmcCalls
from unkai.baremetal.actions.restore_power import RESTORE_POWER
from unkai.baremetal.actions.write_power import LOST_AFTER
from unkai.baremetal.drivers.bmcs import Bmcs
from unkai.baremetal.drivers.guard import Guard
from unkai.baremetal.model import INTERFACES, Node, PowerState, State
from unkai.baremetal.reconcilers.sync_power import MOST_RESTORES, SyncPower
from unkai.baremetal.service import guarded_drivers
from unkai.baremetal.store import nodes
from unkai.kit.clock import Clock
from unkai.kit.errors import Unavailable
from unkai.timeline.actions.read import read_timeline

pytestmark = pytest.mark.anyio
AWAY = Unavailable("The BMC does not answer.", code="bmc-unreachable")
ON, OFF = PowerState.ON, PowerState.OFF


class Skipping(Clock):
    """The guard's clock: moved past its pauses by hand."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead_s


class Sync:
    def __init__(self, rig: Rig) -> None:
        kit = rig.baremetal.kit
        self.rig, self.clock = rig, Skipping()
        self.calls = BmcCalls(kit.database)
        self.guard = Guard(self.clock, self.calls)
        bmcs = Bmcs(kit.clock, kit.chance)
        drivers = guarded_drivers(rig.baremetal.drivers, bmcs, self.guard)
        self.baremetal = replace(rig.baremetal, drivers=drivers)
        self.sync = SyncPower(self.baremetal, self.guard, look_again_s=0)

    async def add(self, number: int = 1, **values: Any) -> Node:
        given: dict[str, Any] = {"provision_state": State.AVAILABLE, "created_at": 1.0, **values}
        node = Node(
            uuid=f"00000000-0000-4000-8000-{number:012}",
            driver="fake-hardware",
            interfaces=dict.fromkeys(INTERFACES, "fake"),
            **given,
        )
        await self.baremetal.kit.database.transact(lambda tx: nodes.add_node(tx, node))
        return node

    async def run(self, times: int = 1) -> None:
        for _ in range(times):
            await self.sync.run()

    async def now(self, node: Node) -> Node:
        found = await nodes.get_node(self.baremetal.kit.database.reader, node.uuid)
        assert found is not None
        return found

    async def settled(self, node: Node) -> Node:
        """Once nothing is under way on it."""
        operations, reader = self.baremetal.kit.operations, self.baremetal.kit.database.reader

        async def free() -> bool:
            return await operations.busy(reader, f"node/{node.uuid}") is None

        await self.rig.until(free)
        return await self.now(node)

    def machine(self, node: Node) -> Any:
        return self.rig.machines.of(node)


@pytest.fixture
async def sync(rig: Rig) -> Sync:
    return Sync(rig)


async def test_a_first_poll_is_believed_and_the_next_writes_nothing(sync: Sync) -> None:
    node = await sync.add()
    await sync.run()
    seen = await sync.now(node)
    assert (seen.power_state, seen.health) == (OFF, "OK")
    await sync.run(3)
    assert (await sync.now(node)).generation == seen.generation


async def test_a_machine_that_was_switched_is_set_back(sync: Sync) -> None:
    node = await sync.add(power_state=ON)
    await sync.run()
    seen = await sync.settled(node)
    assert seen.power_state is ON
    assert sync.machine(node).power is ON and sync.machine(node).power_changes == 1


@pytest.mark.parametrize("values", [{"retired": True}, {"disable_power_off": True}])
async def test_what_must_not_be_set_back_is_written_down(
    sync: Sync, values: dict[str, Any]
) -> None:
    node = await sync.add(power_state=OFF, **values)
    sync.machine(node).power = ON
    await sync.run()
    seen = await sync.settled(node)
    assert seen.power_state is ON and sync.machine(node).power_changes == 0


async def test_a_machine_that_does_not_obey_is_given_up(sync: Sync) -> None:
    node = await sync.add(power_state=ON)
    for _ in range(MOST_RESTORES + 1):
        await sync.run()
        await sync.settled(node)
        sync.machine(node).power = OFF
    seen = await sync.now(node)
    assert (seen.power_state, seen.maintenance, seen.fault) == (OFF, True, "power failure")
    assert "does not become power on" in str(seen.maintenance_reason)


async def test_a_lost_bmc_is_a_power_failure_until_it_answers(sync: Sync) -> None:
    node = await sync.add(power_state=OFF)
    for _ in range(LOST_AFTER):
        assert not (await sync.now(node)).maintenance
        sync.rig.machines.fail_next("get_power_state", AWAY, node.uuid)
        await sync.run()
    lost = await sync.now(node)
    assert (lost.power_state, lost.maintenance, lost.fault, lost.health) == (
        PowerState.ERROR,
        True,
        "power failure",
        "Critical",
    )
    assert "could not be read 3 times" in str(lost.maintenance_reason)
    await sync.run(2)  # not asked: the circuit is open
    assert (await sync.now(node)).generation == lost.generation
    sync.clock.ahead_s += 60
    await sync.run()
    found = await sync.now(node)
    assert (found.power_state, found.maintenance, found.fault) == (OFF, False, None)
    assert found.maintenance_reason is None


@pytest.mark.parametrize(
    "values",
    [
        {"maintenance": True, "maintenance_reason": "mine"},
        {"provision_state": State.ENROLL},
        {"provision_state": State.VERIFYING},
    ],
)
async def test_some_nodes_are_not_asked(sync: Sync, values: dict[str, Any]) -> None:
    await sync.add(**values)
    await sync.run()
    assert sync.sync.polls == 0


async def test_a_node_with_work_under_way_is_left_alone(sync: Sync) -> None:
    node = await sync.add(power_state=ON)
    other = await sync.add(2)
    kit = sync.baremetal.kit
    await kit.operations.stop()  # what is submitted now stays as it is
    words: dict[str, Any] = {"project_id": None, "user_id": None, "request_id": "r"}
    await kit.database.transact(
        lambda tx: kit.operations.submit(
            tx, RESTORE_POWER, f"node/{node.uuid}", input={"power_state": ON}, **words
        )
    )
    await sync.run()
    assert sync.sync.polls == 1
    assert (await sync.now(node)).health is None and (await sync.now(other)).power_state is OFF


@pytest.mark.thorough
async def test_many_nodes_are_written_in_few_transactions(
    sync: Sync, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = await asyncio.gather(*(sync.add(number) for number in range(1, 121)))
    database, written = sync.baremetal.kit.database, list[Any]()
    transact = database.transact

    async def counted(fn: Any) -> Any:
        written.append(fn)
        return await transact(fn)

    monkeypatch.setattr(database, "transact", counted)
    await sync.run()
    assert 0 < len(written) < 40
    assert {(await sync.now(node)).power_state for node in added} == {OFF}
    await sync.run()
    assert sync.sync.polls == 240


async def test_calls_land_on_the_nodes_timeline(sync: Sync) -> None:
    node = await sync.add(power_state=OFF)
    await sync.run(3)
    sync.machine(node).power = ON
    await sync.run()
    await sync.settled(node)
    await sync.calls.write()
    kit = sync.baremetal.kit
    told = (await read_timeline(kit.database.reader, kit.clock, f"node/{node.uuid}")).events
    bmc = [(one.action, one.detail) for one in told if one.participant == "BareMetalNodeBMC"]
    assert bmc == [("get power state", "power off"), ("get power state", "power on")]
    assert any(
        one.action == "sync power state" and "set back to power off" in str(one.detail)
        for one in told
    )

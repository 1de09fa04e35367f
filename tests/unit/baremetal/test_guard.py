"""The circuit breaker of a BMC: when it opens, what callers hear, how it closes, what is told."""

from __future__ import annotations

import asyncio

import pytest

from unkai.baremetal.drivers.fake import FakeMachines, FakeManagement, FakePower
from unkai.baremetal.drivers.guard import (
    CRITICAL,
    FIRST_PAUSE_S,
    OK,
    TRIP_AFTER,
    WARNING,
    BmcCall,
    Guard,
)
from unkai.baremetal.drivers.guarded import GuardedManagement, GuardedPower
from unkai.baremetal.model import Node, PowerState
from unkai.kit.clock import Clock
from unkai.kit.errors import Failed, Unavailable

pytestmark = pytest.mark.anyio
NODE = Node(uuid="n1", driver="fake-hardware", driver_info={"password": "old"}, created_at=0)
AWAY = Unavailable("The BMC at b1 does not answer: silence.", code="bmc-unreachable")


class HandClock(Clock):
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.at = 1000.0

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at


class Bench:
    def __init__(self) -> None:
        self.clock = HandClock()
        self.machines = FakeMachines()
        self.calls: list[BmcCall] = []
        self.guard = Guard(self.clock, self)
        self.power = GuardedPower(FakePower(self.machines), self.guard)

    def bmc_called(self, call: BmcCall) -> None:
        self.calls.append(call)

    async def fail(self, times: int, error: Exception = AWAY) -> None:
        for _ in range(times):
            self.machines.fail_next("get_power_state", error, NODE.uuid)
            with pytest.raises(type(error)):
                await self.power.get_power_state(NODE)

    async def trip(self) -> None:
        await self.fail(TRIP_AFTER)


async def test_after_failures_in_a_row_callers_hear_at_once_why() -> None:
    bench = Bench()
    await bench.trip()
    with pytest.raises(Unavailable, match=r"silence.*failed 3 times.*asked again in 10 s") as said:
        await bench.power.get_power_state(NODE)  # would succeed, but is not asked
    assert said.value.code == "bmc-unreachable"
    assert bench.guard.health(NODE) == CRITICAL


async def test_a_refused_login_keeps_its_kind() -> None:
    bench = Bench()
    await bench.fail(TRIP_AFTER, Failed("wrong password.", code="bmc-login"))
    with pytest.raises(Failed) as said:
        await bench.power.get_power_state(NODE)
    assert said.value.code == "bmc-login"


async def test_one_answer_after_the_pause_closes_the_circuit() -> None:
    bench = Bench()
    await bench.trip()
    bench.clock.at += FIRST_PAUSE_S
    assert await bench.power.get_power_state(NODE) is PowerState.OFF
    assert await bench.power.get_power_state(NODE) is PowerState.OFF
    assert bench.guard.health(NODE) in {OK, WARNING}


async def test_each_failed_try_makes_the_pause_longer() -> None:
    bench = Bench()
    await bench.trip()
    bench.clock.at += FIRST_PAUSE_S
    await bench.fail(1)
    bench.clock.at += FIRST_PAUSE_S
    with pytest.raises(Unavailable, match="asked again in 10 s"):
        await bench.power.get_power_state(NODE)


async def test_only_one_caller_tries_an_open_circuit() -> None:
    bench = Bench()
    await bench.trip()
    bench.clock.at += FIRST_PAUSE_S
    go = asyncio.Event()

    async def slow() -> str:
        await go.wait()
        return "there"

    first = asyncio.create_task(bench.guard.ask(NODE, "try", slow))
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="right now"):
        await bench.power.get_power_state(NODE)
    go.set()
    assert await first == "there"
    assert await bench.power.get_power_state(NODE) is PowerState.OFF


async def test_corrected_driver_info_is_tried_at_once() -> None:
    bench = Bench()
    await bench.trip()
    corrected = Node(
        uuid="n1", driver="fake-hardware", driver_info={"password": "new"}, created_at=0
    )
    assert await bench.power.get_power_state(corrected) is PowerState.OFF


async def test_a_refusal_is_an_answer() -> None:
    bench = Bench()
    await bench.fail(TRIP_AFTER + 1, Failed("no.", code="bmc-refused"))
    assert await bench.power.get_power_state(NODE) is PowerState.OFF


async def test_one_bmc_says_nothing_about_another() -> None:
    bench = Bench()
    await bench.trip()
    other = Node(uuid="n2", driver="fake-hardware", created_at=0)
    assert await bench.power.get_power_state(other) is PowerState.OFF
    bench.guard.forget({"n2"})
    assert await bench.power.get_power_state(NODE) is PowerState.OFF


async def test_polls_are_told_when_their_answer_changes_and_commands_always() -> None:
    bench = Bench()
    for _ in range(3):
        await bench.power.get_power_state(NODE)
    await bench.power.set_power_state(NODE, PowerState.ON)
    await bench.power.set_power_state(NODE, PowerState.ON)
    for _ in range(3):
        await bench.power.get_power_state(NODE)
    await bench.fail(2)
    await bench.power.get_power_state(NODE)
    assert [(one.action, one.outcome, one.detail) for one in bench.calls] == [
        ("get power state", "ok", "power off"),
        ("set power state", "ok", "power on"),
        ("set power state", "ok", "power on"),
        ("get power state", "ok", "power on"),
        ("get power state", "failed", "The BMC at b1 does not answer: silence."),
        ("get power state", "ok", "power on"),
    ]


async def test_answers_are_told_in_words() -> None:
    bench = Bench()
    management = GuardedManagement(FakeManagement(bench.machines), bench.guard)
    await management.set_boot_device(NODE, "pxe", persistent=True)
    await management.get_boot_device(NODE)
    await management.set_secure_boot(NODE, on=True)
    await management.get_secure_boot(NODE)
    assert [(call.action, call.detail) for call in bench.calls] == [
        ("set boot device", "pxe, every boot"),
        ("get boot device", "pxe, every boot"),
        ("set secure boot", "on"),
        ("get secure boot", "on"),
    ]

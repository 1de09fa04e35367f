"""The IPMI client against OpenIPMI's BMC: sessions, losses, refusals, restarts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.drivers.ipmi_rigs import SimulatedBmc, ipmi_node, needs_ipmi_sim, relay_to
from unkai.baremetal.drivers.ipmi.client import Ipmi
from unkai.baremetal.drivers.ipmi.login import login_of
from unkai.baremetal.drivers.ipmi.management import IpmiManagement
from unkai.baremetal.drivers.ipmi.power import IpmiPower
from unkai.baremetal.model import Node, PowerState
from unkai.kit.clock import Chance, Clock
from unkai.kit.errors import BadRequest, Failed, Unavailable

pytestmark = [pytest.mark.anyio, needs_ipmi_sim]


@pytest.fixture
def bmc(tmp_path: Path) -> Iterator[SimulatedBmc]:
    made = SimulatedBmc(tmp_path)
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture
async def ipmi() -> AsyncIterator[Ipmi]:
    client = Ipmi(Clock(), Chance())
    yield client
    await client.close()


async def test_a_session_is_opened_once_and_closed(bmc: SimulatedBmc, ipmi: Ipmi) -> None:
    power = IpmiPower(ipmi, Clock())
    for _ in range(3):
        assert await power.get_power_state(bmc.node) is PowerState.OFF
    session = await ipmi.session(login_of(bmc.node))
    assert session.opened_count == 1 and ipmi.open_sessions == 1
    await session.close()
    assert ipmi.open_sessions == 0
    assert await power.get_power_state(bmc.node) is PowerState.OFF
    assert session.opened_count == 2


async def test_power_is_read_before_it_is_changed(bmc: SimulatedBmc, ipmi: Ipmi) -> None:
    power = IpmiPower(ipmi, Clock())
    await power.set_power_state(bmc.node, PowerState.ON)
    await power.set_power_state(bmc.node, PowerState.ON)
    assert bmc.calls == ["power 1"]
    await power.set_power_state(bmc.node, PowerState.SOFT_OFF)
    assert bmc.calls == ["power 1", "shutdown 1"]
    assert await power.get_power_state(bmc.node) is PowerState.OFF


@pytest.mark.parametrize(
    ("info", "said"),
    [
        ({"ipmi_password": "wrong"}, "the password is wrong"),
        ({"ipmi_username": "nobody"}, "no such user"),
        ({"ipmi_cipher_suite": 17}, "cipher suite 17"),
    ],
)
async def test_a_refused_login_is_told_apart_from_silence(
    bmc: SimulatedBmc, ipmi: Ipmi, info: dict[str, object], said: str
) -> None:
    power = IpmiPower(ipmi, Clock())
    with pytest.raises(Failed, match=said) as failed:
        await power.get_power_state(ipmi_node(bmc.port, **info))
    assert failed.value.code == "bmc-login"
    # and the right one works at once
    assert await power.get_power_state(bmc.node) is PowerState.OFF


async def test_lost_datagrams_are_sent_again(bmc: SimulatedBmc, ipmi: Ipmi) -> None:
    power = IpmiPower(ipmi, Clock())
    async with relay_to(bmc.port) as relay:
        relay.lose_every = 5
        node = ipmi_node(relay.port)
        for _ in range(3):
            assert await power.get_power_state(node) is PowerState.OFF
        assert relay.lost >= 2


async def test_a_silent_bmc_is_unreachable_and_delays_no_other(
    bmc: SimulatedBmc, ipmi: Ipmi
) -> None:
    power, loop = IpmiPower(ipmi, Clock()), asyncio.get_running_loop()
    async with relay_to(bmc.port) as relay:
        relay.silent = True
        silent = asyncio.create_task(power.get_power_state(ipmi_node(relay.port)))
        began = loop.time()
        for _ in range(10):
            assert await power.get_power_state(bmc.node) is PowerState.OFF
        assert loop.time() - began < 4 and not silent.done()
        with pytest.raises(Unavailable, match="no answer to 3 requests") as away:
            await silent
        assert away.value.code == "bmc-unreachable"


async def test_a_bmc_that_restarted_gets_a_new_session(bmc: SimulatedBmc, ipmi: Ipmi) -> None:
    power = IpmiPower(ipmi, Clock())
    await power.set_power_state(bmc.node, PowerState.ON)
    bmc.stop()
    bmc.start()
    assert await power.get_power_state(bmc.node) is PowerState.ON
    assert (await ipmi.session(login_of(bmc.node))).opened_count == 2


async def test_requests_at_once_share_one_session(bmc: SimulatedBmc, ipmi: Ipmi) -> None:
    power = IpmiPower(ipmi, Clock())
    states = await asyncio.gather(*(power.get_power_state(bmc.node) for _ in range(8)))
    assert states == [PowerState.OFF] * 8
    assert (await ipmi.session(login_of(bmc.node))).opened_count == 1


async def test_sensors_are_read_from_the_repository(bmc: SimulatedBmc, ipmi: Ipmi) -> None:
    found = await IpmiManagement(ipmi).get_sensors(bmc.node)
    assert found == {
        "Temperature": {
            "TEMP (0x1)": {
                "Sensor ID": "TEMP (0x1)",
                "Entity ID": "7.1",
                "Sensor Reading": "42.000 degrees C",
                "Status": "ok",
            }
        }
    }


@pytest.mark.parametrize(
    ("info", "said"),
    [
        ({"ipmi_address": None}, "missing.*ipmi_address"),
        ({"ipmi_port": "65536"}, "ipmi_port '65536'"),
        ({"ipmi_password": "x" * 21}, "ipmi_password is longer than the 20 bytes"),
        ({"ipmi_priv_level": "GOD"}, "ipmi_priv_level 'GOD'"),
        ({"ipmi_cipher_suite": 1}, "ipmi_cipher_suite 1"),
        ({"ipmi_hex_kg_key": "00"}, "ipmi_hex_kg_key"),
        ({"ipmi_protocol_version": "1.5"}, "'1.5' is not spoken"),
        ({"ipmi_disable_boot_timeout": "perhaps"}, "neither true nor false"),
    ],
)
async def test_wrong_driver_info_is_named(ipmi: Ipmi, info: dict[str, object], said: str) -> None:
    node: Node = ipmi_node(623, **info)
    with pytest.raises(BadRequest, match=said) as wrong:
        IpmiManagement(ipmi).validate(node)
    assert wrong.value.code == "driver-info"

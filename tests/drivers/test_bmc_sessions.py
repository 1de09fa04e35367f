"""Sessions on BMCs end with their node and with its login; what stays is named by the audit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.api.baremetal.rig import Outside, Rig, opened
from tests.drivers.ipmi_rigs import SimulatedBmc, needs_ipmi_sim
from tests.drivers.redfish_machine import USER
from tests.drivers.redfish_rigs import RedfishService
from unkai.baremetal.actions.audit_baremetal import audit_baremetal
from unkai.baremetal.actions.record_bmc_calls import BmcCalls
from unkai.baremetal.drivers.bmcs import Bmcs
from unkai.baremetal.drivers.guard import Guard
from unkai.baremetal.drivers.redfish.client import ENDING_TRIES
from unkai.baremetal.model import Node
from unkai.baremetal.reconcilers import add_reconcilers
from unkai.baremetal.reconcilers.end_sessions import EndSessions
from unkai.baremetal.service import guarded_drivers
from unkai.settings import BaremetalSettings

pytestmark = pytest.mark.anyio


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RedfishService]:
    folder = tmp_path / "redfish"
    folder.mkdir()
    made = RedfishService(folder, has_sessions=True)
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    settings = BaremetalSettings(lock_patience_s=0.2, power_sync_s=0)
    outside = Outside(tmp_path)
    async with opened(outside, settings) as rig:
        known, bmcs = rig.baremetal.drivers, rig.baremetal.bmcs
        drivers = guarded_drivers(known, bmcs, Guard(rig.baremetal.kit.clock))
        for kind in ("power", "management", "bios", "console", "inspect"):
            getattr(known, kind).update(getattr(drivers, kind))
        yield rig
    await outside.agents.stop()


@asynccontextmanager
async def reconciling(rig: Rig) -> AsyncIterator[None]:
    kit = rig.baremetal.kit
    add_reconcilers(rig.baremetal, Guard(kit.clock), BmcCalls(kit.database))
    kit.reconcilers.start()
    try:
        yield
    finally:
        await kit.reconcilers.stop()


async def enrolled(rig: Rig, node: Node) -> str:
    """With a session on its BMC: its power was asked for."""
    made = await rig.enroll(driver=node.driver, driver_info=node.driver_info)
    found = await rig.node(made)
    await rig.baremetal.power(found).get_power_state(found)
    assert len(rig.baremetal.bmcs.held()) == 1
    return made


async def set_info(rig: Rig, node: str, key: str, value: Any) -> None:
    patch = [{"op": "replace", "path": f"/driver_info/{key}", "value": value}]
    await rig.ask("PATCH", f"/nodes/{node}", patch)


async def named(rig: Rig) -> list[tuple[str, str]]:
    return [(one.kind, one.id) for one in await audit_baremetal(rig.baremetal)]


async def test_a_deleted_nodes_session_ends_on_its_bmc(rig: Rig, service: RedfishService) -> None:
    node = await enrolled(rig, service.node)
    assert len(service.sessions) == 1
    async with reconciling(rig):
        await rig.ask("DELETE", f"/nodes/{node}", status=204)

        async def ended() -> bool:
            return not service.sessions and not rig.baremetal.bmcs.held()

        await rig.until(ended)
    assert await named(rig) == []


async def test_another_password_ends_the_old_session(rig: Rig, service: RedfishService) -> None:
    node = await enrolled(rig, service.node)
    async with reconciling(rig):
        await set_info(rig, node, "redfish_password", "another")

        async def ended() -> bool:
            return not service.sessions

        await rig.until(ended)


async def test_the_audit_names_a_session_of_no_node(rig: Rig, service: RedfishService) -> None:
    node = await enrolled(rig, service.node)
    found = await rig.node(node)
    ending = EndSessions(rig.baremetal, Guard(rig.baremetal.kit.clock))
    await ending.run()
    assert (await named(rig), len(service.sessions)) == ([], 1)

    await rig.change(node, driver_info={**found.driver_info, "redfish_username": "another"})
    assert await named(rig) == [("bmc-session", f"redfish://{USER}@127.0.0.1:{service.port}")]
    ending.changed(node)
    await ending.run()
    assert (await named(rig), service.sessions) == ([], [])


async def test_one_of_two_nodes_of_a_bmc_leaves_the_session_to_the_other(
    rig: Rig, service: RedfishService
) -> None:
    first = await enrolled(rig, service.node)
    await enrolled(rig, service.node)
    ending = EndSessions(rig.baremetal, Guard(rig.baremetal.kit.clock))
    await ending.run()
    await rig.ask("DELETE", f"/nodes/{first}", status=204)
    ending.changed(first)
    await ending.run()
    assert len(service.sessions) == 1


async def test_a_bmc_that_is_gone_is_given_up(rig: Rig, service: RedfishService) -> None:
    """Until then the audit goes on to name it."""
    node = await enrolled(rig, service.node)
    service.stop()
    await rig.ask("DELETE", f"/nodes/{node}", status=204)
    ending = EndSessions(rig.baremetal, Guard(rig.baremetal.kit.clock))
    for _ in range(ENDING_TRIES - 1):
        await ending.run()
        assert len(await named(rig)) == 1
    await ending.run()
    assert await named(rig) == []


@needs_ipmi_sim
async def test_ipmi_sessions_end_too_a_consoles_among_them(rig: Rig, tmp_path: Path) -> None:
    folder = tmp_path / "ipmi"
    folder.mkdir()
    bmc = SimulatedBmc(folder)
    bmc.start()
    try:
        node = await enrolled(rig, bmc.node)
        found = await rig.node(node)
        bmcs: Bmcs = rig.baremetal.bmcs
        ending = EndSessions(rig.baremetal, Guard(rig.baremetal.kit.clock))
        own = await bmcs.ipmi.own_session(next(iter(bmcs.ipmi.held())))
        await own.request(0x06, 0x01)
        await ending.run()
        assert own.is_open

        await rig.change(node, driver_info={**found.driver_info, "ipmi_username": "another"})
        assert [kind for kind, _ in await named(rig)] == ["bmc-session"]
        ending.changed(node)
        await ending.run()
        assert (own.is_open, bmcs.ipmi.open_sessions, await named(rig)) == (False, 0, [])
    finally:
        bmc.stop()

"""What is kept of a machine that did not make it: how far it came."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.api.baremetal.rig import Outside, Rig, opened
from tests.api.baremetal.test_provision import DIRECT, available, give_image
from tests.api.kit.stream_visitor import Visitor
from unkai.baremetal.actions.node_logs import console_text, list_logs, read_log
from unkai.baremetal.actions.open_console import NodeStreams
from unkai.baremetal.drivers.node_logs import AGENT, CONSOLE, FAILED
from unkai.baremetal.reconcilers.keep_consoles import KeepConsoles
from unkai.kit.clock import Clock
from unkai.kit.errors import BadRequest, NotFound
from unkai.kit.http.stream_door import GOING, TRY_LATER, StreamDoor
from unkai.settings import BaremetalSettings
from unkai.timeline import model as who
from unkai.timeline.actions.read import read_timeline
from unkai.timeline.actions.record import event, record

pytestmark = pytest.mark.anyio


@pytest.mark.thorough
async def test_a_machine_that_never_calls_leaves_word_how_far_it_came(tmp_path: Path) -> None:
    outside = Outside(tmp_path)
    impatient = BaremetalSettings(automated_clean=False, agent_timeout_s=2)
    async with opened(outside, impatient) as rig:
        node = await available(rig, **DIRECT)
        await give_image(rig, node)
        rig.agents.silent = True
        await rig.provision(node, "active")
        await rig.until_state(node, "wait call-back")
        packets = [
            event(
                f"node/{node}",
                who.DHCP,
                action,
                started_at=(now := rig.baremetal.kit.clock.now()),
                ended_at=now,
                request_id="",
                detail="on provisioning, boot file undionly.kpxe",
            )
            for action in ("DISCOVER", "OFFER 10.1.0.7", "ACK 10.1.0.7")
        ]
        await rig.baremetal.kit.database.transact(lambda tx: record(tx, *packets))

        shown = await rig.reach(node, "deploy failed")

    assert "did not call within 2 s. DHCP DISCOVER seen" in shown["last_error"]
    assert "on provisioning, given 10.1.0.7, no TFTP request since" in shown["last_error"]


async def test_a_failed_deploy_keeps_what_agent_and_console_said(rig: Rig) -> None:
    node = await available(rig, **DIRECT)
    await give_image(rig, node)
    rig.agents.errors["standby.prepare_image"] = "the disk is on fire"
    rig.agents.logs = "it smelled of smoke"
    await rig.provision(node, "active")
    await rig.until_state(node, "wait call-back")
    rig.baremetal.consoles.logs.append(node, CONSOLE, b"Kernel panic\r\n")

    await rig.reach(node, "deploy failed")

    kept = await rig.node(node)
    assert "agent_logs" not in kept.driver_internal_info
    assert read_log(rig.baremetal, kept, AGENT) == "it smelled of smoke"
    assert "Kernel panic" in read_log(rig.baremetal, kept, FAILED)
    assert {AGENT, FAILED} <= {log.name for log in list_logs(rig.baremetal, kept)}
    with pytest.raises(NotFound, match="no log"):
        read_log(rig.baremetal, kept, "../secret")


def line(rig: Rig, url: str, **headers: str) -> Visitor:
    kit = rig.baremetal.kit
    streams = {"node": NodeStreams(rig.baremetal)}
    return Visitor(StreamDoor(kit.database, kit.clock, streams), url, **headers)


async def a_console(rig: Rig) -> tuple[str, KeepConsoles]:
    node = await rig.enroll()
    await rig.ask("PUT", f"/nodes/{node}/states/console", {"enabled": True}, status=202)
    keeper = KeepConsoles(rig.baremetal)
    await keeper.run()
    return node, keeper


async def address(rig: Rig, node: str) -> str:
    shown = await rig.ask("GET", f"/nodes/{node}/states/console")
    assert shown["console_enabled"] is True and shown["console_info"]["type"] == "websocket"
    return shown["console_info"]["url"]


async def test_a_console_is_watched_and_typed_into(rig: Rig) -> None:
    node, keeper = await a_console(rig)
    url = await address(rig, node)
    assert url.startswith("ws://cloud/console?token=")
    one, other = line(rig, url), line(rig, await address(rig, node), origin="http://cloud")
    for visitor in (one, other):
        await visitor.enter()
    await one.read_until(b"A played machine.")
    await one.type(b"GRUB menu, please\r\n")
    assert b"GRUB menu" in await one.read_until(b"please")
    await other.read_until(b"please")

    await keeper.run()

    seen = await read_timeline(rig.baremetal.kit.database.reader, Clock(), f"node/{node}")
    assert [one.detail for one in seen.events if one.action == "console"] == ["GRUB menu, please"]
    assert "A played machine." in read_log(rig.baremetal, await rig.node(node), CONSOLE)

    unused = await address(rig, node)
    await rig.ask("PUT", f"/nodes/{node}/states/console", {"enabled": False}, status=202)
    await rig.change(node, power_state="power off")
    await keeper.run()

    for visitor in (one, other):
        assert await visitor.closed() == (GOING, "The console was disabled.")
    assert rig.baremetal.consoles.kept() == set()
    late = line(rig, unused)
    await late.enter()
    code, reason = await late.closed()
    assert code == TRY_LATER and "not enabled" in reason


async def test_a_ticket_opens_one_console_once_and_for_its_own_page(rig: Rig) -> None:
    node, _ = await a_console(rig)
    url = await address(rig, node)
    first = line(rig, url)
    await first.enter()
    assert await line(rig, url).refused()
    assert await line(rig, "ws://cloud/console").refused()
    assert await line(rig, await address(rig, node), origin="http://elsewhere").refused()
    await first.leave()


async def test_a_driver_without_a_console_says_so(rig: Rig) -> None:
    node = await rig.enroll(console_interface="no-console")
    said = await rig.ask("PUT", f"/nodes/{node}/states/console", {"enabled": True}, status=400)
    assert "does not support console" in str(said)
    with pytest.raises(BadRequest, match="does not support console"):
        console_text(rig.baremetal, await rig.node(node))


async def test_a_line_is_kept_while_a_ramdisk_works_and_a_while_after(rig: Rig) -> None:
    node = await available(rig, **DIRECT)
    await give_image(rig, node)
    keeper, consoles = KeepConsoles(rig.baremetal), rig.baremetal.consoles
    await keeper.run()
    assert consoles.kept() == set()
    rig.agents.silent = True
    await rig.provision(node, "active")
    await rig.until_state(node, "wait call-back")

    await keeper.run()

    assert consoles.kept() == {node}
    await rig.provision(node, "abort")
    await rig.reach(node, "deploy failed")
    await keeper.run()
    assert consoles.kept() == set()  # it is off


async def test_a_verb_without_work_leaves_its_steps_all_the_same(rig: Rig) -> None:
    """A node that is not cleaned becomes available at once, and says so like any other."""
    node = await available(rig)
    await rig.provision(node, "manage")

    seen = await read_timeline(rig.baremetal.kit.database.reader, Clock(), f"node/{node}")
    steps = [(one.participant, one.action) for one in seen.events]
    steps = [one for one in steps if one[0] != who.BARE_METAL_NODE_BMC]
    assert steps[-6:] == [
        (who.USER, "provide"),
        (who.IRONIC_API, "admit provide"),
        (who.IRONIC_CONDUCTOR, "finish cleaning"),
        (who.USER, "manage"),
        (who.IRONIC_API, "admit manage"),
        (who.IRONIC_CONDUCTOR, "mark manageable"),
    ]

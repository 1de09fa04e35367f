"""What is kept of a machine that did not make it: how far it came."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.api.baremetal.rig import Outside, opened
from tests.api.baremetal.test_provision import DIRECT, available, give_image
from unkai.settings import BaremetalSettings
from unkai.timeline import model as who
from unkai.timeline.actions.record import event, record

pytestmark = pytest.mark.anyio


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

"""A node is enrolled, managed and forgotten."""

from __future__ import annotations

import pytest

from tests.api.baremetal.rig import Rig
from unkai.kit.errors import Failed

pytestmark = pytest.mark.anyio


async def test_a_node_is_enrolled_managed_and_deleted(rig: Rig) -> None:
    node = await rig.enroll(name="rack-1")
    assert (await rig.ask("GET", "/nodes/rack-1"))["provision_state"] == "enroll"

    await rig.provision(node, "manage")

    shown = await rig.reach(node, "manageable")
    assert shown["power_state"] == "power off"
    await rig.ask("DELETE", f"/nodes/{node}", status=204)
    await rig.ask("GET", f"/nodes/{node}", status=404)


async def test_a_bmc_that_refuses_leaves_the_node_enrolled_and_says_why(rig: Rig) -> None:
    node = await rig.enroll()
    refused = Failed("The BMC refuses the password.", remedy="Correct ipmi_password.")
    rig.machines.fail_next("get_power_state", refused, node)

    await rig.provision(node, "manage")

    shown = await rig.reach(node, "enroll")
    assert shown["last_error"] == refused.public
    await rig.provision(node, "manage")
    await rig.reach(node, "manageable")


async def test_a_verb_out_of_place_is_refused_in_ironics_words(rig: Rig) -> None:
    node = await rig.enroll()
    body = {"target": "manage"}
    await rig.provision(node, "manage")
    await rig.reach(node, "manageable")

    refused = await rig.ask("PUT", f"/nodes/{node}/states/provision", body, status=400)

    assert 'while it is in state \\"manageable\\"' in refused["error_message"]

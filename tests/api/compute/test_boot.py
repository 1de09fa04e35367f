"""A server from POST to gone."""

from __future__ import annotations

import pytest

from tests.api.compute.cloud import Cloud

pytestmark = pytest.mark.anyio


async def test_a_server_boots_and_goes(cloud: Cloud) -> None:
    server_id = await cloud.create()
    shown = await cloud.reach(server_id, "ACTIVE")

    assert shown["OS-EXT-STS:power_state"] == 1
    assert shown["addresses"]["private"][0]["addr"].startswith("10.1.")
    assert cloud.host_of(server_id) is not None

    await cloud.ask("DELETE", f"/servers/{server_id}", status=204)
    await cloud.gone(server_id)
    assert await cloud.leftovers() == []

"""A server's volume is swapped for another: at the API, on played hosts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.compute.cloud import NOWHERE, Cloud, Outside, opened
from tests.api.compute.test_volumes import (
    a_volume,
    at_host,
    attach,
    bootable,
    from_volume,
    listed,
    rests,
)
from unkai.block_storage.store import volumes
from unkai.hypervisor.fake import FakeHost
from unkai.kit.errors import Failed

pytestmark = pytest.mark.anyio
WRITTEN = b"what the server wrote"


@pytest.fixture
async def cloud(tmp_path: Path) -> AsyncIterator[Cloud]:
    async with opened(Outside(tmp_path)) as made:
        yield made


async def a_server(cloud: Cloud, **more: Any) -> tuple[str, str]:
    """With a volume that it has written to."""
    server_id, volume_id = await cloud.boot(), await a_volume(cloud)
    await attach(cloud, server_id, volume_id, **more)
    await rests(cloud, volume_id, "in-use")
    cloud.outside.volumes.write(volume_id, 0, WRITTEN)
    return server_id, volume_id


async def swap(
    cloud: Cloud, server_id: str, volume_id: str, other_id: str, status: int = 202, **more: Any
) -> str:
    path = f"/servers/{server_id}/os-volume_attachments/{volume_id}"
    body = {"volumeAttachment": {"volumeId": other_id}}
    return (await cloud.ask("PUT", path, body, status=status, **{"who": "admin", **more})).text


async def has(cloud: Cloud, server_id: str, volume_id: str, other_id: str) -> None:
    """The server has the one, with what was written, and nobody has the other."""
    await cloud.idle()
    await rests(cloud, volume_id, "in-use")
    await rests(cloud, other_id, "available")
    (shown,) = await listed(cloud, server_id)
    assert (shown["volumeId"], shown["device"]) == (volume_id, "/dev/vdb")
    assert at_host(cloud, server_id) == {volume_id}
    assert cloud.outside.volumes.volumes[volume_id].chunks[0] == WRITTEN
    assert await cloud.leftovers() == []


def host_of(cloud: Cloud, server_id: str) -> FakeHost:
    host = cloud.host_of(server_id)
    assert host is not None
    return host


async def test_a_volume_is_swapped_and_swapped_back(cloud: Cloud) -> None:
    server_id, had = await a_server(cloud, tag="data", delete_on_termination=True)
    other = await a_volume(cloud, 2)
    (before,) = await listed(cloud, server_id)
    await swap(cloud, server_id, had, other)
    await has(cloud, server_id, other, had)
    (after,) = await listed(cloud, server_id)
    changed = ("volumeId", "attachment_id")
    assert all(after[name] == before[name] for name in before if name not in changed)
    assert all(after[name] != before[name] for name in changed)
    assert await cloud.noted(server_id, "swap_volume") == [("compute_swap_volume", "Success")]

    assert "same size or larger" in await swap(cloud, server_id, other, had, 400)
    third = await a_volume(cloud, 2)
    await swap(cloud, server_id, other, third, version="2.1")
    await has(cloud, server_id, third, other)
    await cloud.ask("DELETE", f"/servers/{server_id}", status=204)
    await cloud.gone(server_id)
    await cloud.idle()
    assert set(cloud.outside.volumes.volumes) == {had, other}


async def test_a_volume_of_a_stopped_server(cloud: Cloud) -> None:
    server_id, had = await a_server(cloud)
    other = await a_volume(cloud)
    await cloud.act(server_id, "os-stop")
    await cloud.reach(server_id, "SHUTOFF")
    await swap(cloud, server_id, had, other)
    await has(cloud, server_id, other, had)
    await cloud.act(server_id, "os-start")
    await cloud.reach(server_id, "ACTIVE")
    assert at_host(cloud, server_id) == {other}


async def test_the_volume_that_a_server_boots_from(cloud: Cloud) -> None:
    root = await bootable(cloud)
    server_id = await cloud.boot(**from_volume(root))
    other = await a_volume(cloud)
    await swap(cloud, server_id, root, other)
    await cloud.idle()
    await rests(cloud, root, "available")
    assert at_host(cloud, server_id) == {other}
    data = cloud.outside.volumes.volumes
    assert data[other].chunks == data[root].chunks
    await cloud.act(server_id, "reboot", {"type": "HARD"})
    await cloud.idle()
    assert at_host(cloud, server_id) == {other}
    assert await cloud.leftovers() == []


async def test_who_may_not_and_what_does_not_fit(cloud: Cloud) -> None:
    server_id, had = await a_server(cloud)
    other, foreign = await a_volume(cloud), await a_volume(cloud, who="other")
    await swap(cloud, server_id, had, other, 403, who="member")
    await swap(cloud, server_id, had, other, 403, who="reader")
    await swap(cloud, server_id, other, other, 404)
    await swap(cloud, NOWHERE, had, other, 404)
    await swap(cloud, server_id, had, NOWHERE, 400)
    await swap(cloud, server_id, had, "no-uuid", 400)
    assert "one project" in await swap(cloud, server_id, had, foreign, 400)
    assert "detached" in await swap(cloud, server_id, had, had, 400, version="2.84")
    await swap(cloud, server_id, had, had, version="2.85")  # says nothing new of it

    taken = await a_volume(cloud)
    await attach(cloud, server_id, taken)
    await rests(cloud, taken, "in-use")
    assert "detached" in await swap(cloud, server_id, had, taken, 400)
    second = await cloud.boot()
    assert "available" in await swap_at(cloud, second, taken, 400)
    await change(cloud, other, readonly=True)
    assert "read-only" in await swap(cloud, server_id, had, other, 400)
    await cloud.act(server_id, "suspend")
    await cloud.reach(server_id, "SUSPENDED")
    await change(cloud, other, readonly=False)
    assert "swap_volume" in await swap(cloud, server_id, had, other, 409)
    assert await cloud.leftovers() == []


async def swap_at(cloud: Cloud, server_id: str, taken: str, status: int) -> str:
    """For a volume that another server has."""
    own = await a_volume(cloud)
    await attach(cloud, server_id, own)
    await rests(cloud, own, "in-use")
    return await swap(cloud, server_id, own, taken, status)


async def change(cloud: Cloud, volume_id: str, **values: Any) -> None:
    now = cloud.kit.clock.now()
    await cloud.kit.database.transact(lambda tx: volumes.change(tx, volume_id, now, **values))


async def test_one_that_several_servers_have_is_not_swapped(cloud: Cloud) -> None:
    server_id, second = await cloud.boot(), await cloud.boot()
    shared, other = await a_volume(cloud), await a_volume(cloud)
    await change(cloud, shared, multiattach=True)
    for one in (server_id, second):
        await attach(cloud, one, shared)
        await cloud.idle()
    await swap(cloud, server_id, shared, other, 409)
    await change(cloud, shared, readonly=True)
    await swap(cloud, server_id, shared, other, 409)
    await rests(cloud, shared, "in-use")
    await rests(cloud, other, "available")


async def test_what_is_encrypted_is_copied_by_a_running_server_only(cloud: Cloud) -> None:
    server_id, had = await a_server(cloud)
    other = await a_volume(cloud)
    await change(cloud, other, encrypted=True)
    await cloud.act(server_id, "os-stop")
    await cloud.reach(server_id, "SHUTOFF")
    assert "encrypted" in await swap(cloud, server_id, had, other, 400)
    await has(cloud, server_id, had, other)


async def test_a_host_that_refuses_leaves_the_server_its_volume(cloud: Cloud) -> None:
    server_id, had = await a_server(cloud)
    other, host = await a_volume(cloud), host_of(cloud, server_id)
    host.fail_next("swap_disk", Failed("The target's disk is full.", code="swap-failed"))
    await swap(cloud, server_id, had, other)
    await has(cloud, server_id, had, other)
    assert await cloud.noted(server_id, "swap_volume") == [("compute_swap_volume", "Error")]
    assert (await cloud.show(server_id))["status"] == "ACTIVE"
    await swap(cloud, server_id, had, other)
    await has(cloud, server_id, other, had)


async def test_a_host_whose_last_word_is_lost_has_swapped_all_the_same(cloud: Cloud) -> None:
    server_id, had = await a_server(cloud)
    other, host = await a_volume(cloud), host_of(cloud, server_id)
    host.swaps.mirrors = True
    cloud.outside.volumes.write(other, 0, WRITTEN)
    host.swaps.begun.add((server_id, other))
    host.fail_next("swap_disk", Failed("The line is cut."), after=True)
    await swap(cloud, server_id, had, other)
    await has(cloud, server_id, other, had)


async def copying(cloud: Cloud, host: FakeHost) -> None:
    async def begun() -> bool:
        return bool(host.swaps.begun)

    await cloud.until(begun)


async def test_a_running_server_copies_by_itself(cloud: Cloud) -> None:
    """And others may come and go meanwhile."""
    server_id, had = await a_server(cloud)
    other, more, host = await a_volume(cloud), await a_volume(cloud), host_of(cloud, server_id)
    host.swaps.mirrors = host.swaps.slow = True
    await swap(cloud, server_id, had, other)
    await copying(cloud, host)
    await rests(cloud, had, "detaching")
    await swap(cloud, server_id, had, more, 400)
    await cloud.ask(
        "DELETE", f"/servers/{server_id}/os-volume_attachments/{had}", who="admin", status=400
    )
    await attach(cloud, server_id, more)
    host.swaps.slow = False
    await cloud.idle()
    await rests(cloud, had, "available")
    assert at_host(cloud, server_id) == {other, more}
    assert {one["volumeId"] for one in await listed(cloud, server_id)} == {other, more}
    assert await cloud.leftovers() == []


async def test_a_server_is_deleted_while_it_copies(cloud: Cloud) -> None:
    server_id, had = await a_server(cloud)
    other, host = await a_volume(cloud), host_of(cloud, server_id)
    host.swaps.mirrors = host.swaps.slow = True
    await swap(cloud, server_id, had, other)
    await copying(cloud, host)
    await cloud.ask("DELETE", f"/servers/{server_id}", status=204)
    await cloud.gone(server_id)
    for one in (had, other):
        await rests(cloud, one, "available")
    await cloud.idle()
    assert await cloud.leftovers() == []

"""What hosts and guests do by themselves, and what the cloud makes of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.compute.cloud import Cloud, Outside, opened
from unkai.compute.actions.audit_compute import audit_compute
from unkai.compute.reconcilers.evict_images import evict_images
from unkai.compute.reconcilers.reconcile_guests import GuestReconciler
from unkai.compute.reconcilers.reconcile_hosts import reconcile_hosts
from unkai.compute.store import servers
from unkai.hypervisor.model import Leftover, Machine, RootDisk
from unkai.image.actions.delete_image import delete_image
from unkai.kit.db import Tx
from unkai.kit.policy import service_caller
from unkai.placement.actions.claim import claim, release

pytestmark = pytest.mark.anyio
STRAY = "99999999-2222-4333-8444-555555555555"


@pytest.fixture
async def still(tmp_path: Path) -> AsyncIterator[Cloud]:
    """A cloud whose reconcilers run only when they are told to."""
    async with opened(Outside(tmp_path), reconcile=False) as cloud:
        yield cloud


async def test_a_guest_that_shuts_itself_down_is_shut_off(cloud: Cloud) -> None:
    server_id = await cloud.boot()
    host = cloud.host_of(server_id)
    assert host is not None
    host.guest_powers_off(server_id)
    await cloud.reach(server_id, "SHUTOFF")
    path = f"/servers/{server_id}/os-instance-actions"
    listed = (await cloud.ask("GET", path)).json()["instanceActions"]
    assert listed[0]["action"] == "stop"
    await cloud.act(server_id, "os-start")
    await cloud.reach(server_id, "ACTIVE")


async def test_a_guest_that_dies_is_shut_off(cloud: Cloud) -> None:
    server_id = await cloud.boot()
    host = cloud.host_of(server_id)
    assert host is not None
    host.crash_guest(server_id)
    await cloud.reach(server_id, "SHUTOFF")


async def test_a_rebooted_host_runs_what_it_ran(cloud: Cloud) -> None:
    running = await cloud.boot(name="running", host="host-1", who="admin", networks="none")
    stopped = await cloud.boot(name="stopped", host="host-1", who="admin", networks="none")
    await cloud.act(stopped, "os-stop", who="admin")
    await cloud.reach(stopped, "SHUTOFF")
    host = cloud.outside.host("host-1")
    host.reboot("11111111-0000-4000-8000-000000000000")
    guests = GuestReconciler(cloud.compute)
    await guests.run()
    await cloud.reach(running, "ACTIVE")
    assert host.machines[running].boots == 2
    assert (await cloud.show(stopped))["status"] == "SHUTOFF"
    host.guest_powers_off(running)
    await cloud.reach(running, "SHUTOFF")


async def test_leftovers_go_after_they_were_seen_twice(still: Cloud) -> None:
    server_id = await still.boot()
    host = still.outside.host("host-1")
    agent = still.compute.agents["host-1"]
    stray = Machine(
        server_id=STRAY,
        name="stray",
        project_id="p",
        vcpus=1,
        memory_mib=64,
        root_disk=RootDisk(size_bytes=1024),
    )
    await agent.prepare(stray, 3)
    host.leftovers.append(Leftover(kind="folder", server_id=STRAY[::-1], detail="a folder"))
    assert ("guest-without-server", STRAY) in await still.leftovers()
    guests = GuestReconciler(still.compute)
    await guests.run()
    assert STRAY in host.machines
    await guests.run()
    assert STRAY not in host.machines
    assert await still.leftovers() == []
    assert still.host_of(server_id) is not None


async def test_the_audit_finds_each_kind_of_leftover(still: Cloud) -> None:
    server_id = await still.boot()
    compute = still.compute
    await still.idle()

    async def plant(tx: Tx) -> None:
        allocation = {(await compute.kit.database.reader.scalar(_any_provider())): {"VCPU": 1}}
        await claim(compute.placement, tx, STRAY, allocation, project_id="p", user_id="u")
        await release(compute.placement, tx, server_id)

    await compute.kit.database.transact(plant)
    still.host_of(server_id).machines.pop(server_id)  # type: ignore[union-attr]
    found = set(await still.leftovers())
    assert {
        ("claim-without-server", STRAY),
        ("server-without-claim", server_id),
        ("server-without-guest", server_id),
    } <= found

    async def forget(tx: Tx) -> None:
        await servers.change_server(tx, server_id, 0.0, deleted_at=1.0)

    await compute.kit.database.transact(forget)
    assert "port-without-server" in {kind for kind, _ in await still.leftovers()}
    still.outside.host("host-2").reachable = False
    assert "host-silent" in {one.kind for one in await audit_compute(compute)}


def _any_provider():  # type: ignore[no-untyped-def]
    from sqlalchemy import select

    from unkai.compute.store.schema import hosts

    return select(hosts.c.id).limit(1)


async def test_a_host_that_is_away_is_not_chosen_and_comes_back(still: Cloud) -> None:
    for host in still.outside.world.hosts:
        host.reachable = False
    agents = dict(still.compute.agents)
    still.compute.agents.clear()
    server_id = await still.create()
    shown = await still.show(server_id)
    assert shown["status"] == "ERROR"
    still.compute.agents.update(agents)
    for host in still.outside.world.hosts:
        host.reachable = True
    await reconcile_hosts(still.compute)
    await still.boot()


async def test_a_host_that_goes_away_in_the_middle_is_waited_for(cloud: Cloud) -> None:
    for host in cloud.outside.world.hosts:
        host.reachable = False
    server_id = await cloud.create()
    (operation,) = await cloud.kit.operations.list(cloud.kit.database.reader, active=True)
    assert operation.kind == "create-server"
    for host in cloud.outside.world.hosts:
        host.reachable = True
    await cloud.reach(server_id, "ACTIVE")


async def test_an_image_that_is_gone_leaves_the_caches(still: Cloud) -> None:
    server_id = await still.boot()
    host = still.host_of(server_id)
    assert host is not None
    await delete_image(still.compute.images, service_caller("test", ""), still.image_id)
    await evict_images(still.compute)
    assert still.image_id in host.images
    await still.ask("DELETE", f"/servers/{server_id}", status=204)
    await still.gone(server_id)
    await evict_images(still.compute)
    assert host.images == {}


async def test_an_image_deleted_while_it_boots_is_a_clear_fault(cloud: Cloud) -> None:
    async def probe(run, step, moment) -> None:  # type: ignore[no-untyped-def]
        if (step.name, moment) == ("fetch_image", "before"):
            await delete_image(cloud.compute.images, service_caller("test", ""), cloud.image_id)

    cloud.kit.operations.probe = probe
    server_id = await cloud.create()
    shown = await cloud.reach(server_id, "ERROR")
    assert "was deleted before the server's disk was made" in shown["fault"]["message"]
    assert await cloud.leftovers() == []

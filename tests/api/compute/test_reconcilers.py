"""What hosts and guests do by themselves, and what the cloud makes of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.compute.cloud import Cloud, Outside, caller_of, opened
from unkai.compute.actions.audit_compute import audit_compute
from unkai.compute.reconcilers.evict_images import evict_images
from unkai.compute.reconcilers.reconcile_guests import GuestReconciler
from unkai.compute.reconcilers.reconcile_hosts import reconcile_hosts
from unkai.compute.reconcilers.take_back import TakeBack
from unkai.compute.store import servers
from unkai.hypervisor.model import Leftover, Machine, RootDisk
from unkai.image.actions.delete_image import delete_image
from unkai.kit.db import Tx
from unkai.kit.operations.model import Run, Step
from unkai.kit.policy import service_caller
from unkai.network.actions.create_port import PortRequest, create_port
from unkai.network.actions.delete_port import remove_ports
from unkai.network.actions.describe_devices import DevicePort, compute_ports
from unkai.placement.actions.claim import allocations_of, claim, release

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
    host = still.host_of(server_id)
    assert host is not None
    (port_id,) = host.plugger.ports
    host.lose_machine(server_id)
    host.plugger.taps.add("tap0123456789a")
    found = set(await still.leftovers())
    assert {
        ("claim-without-server", STRAY),
        ("server-without-claim", server_id),
        ("server-without-guest", server_id),
        ("plug-without-server", server_id),
        ("tap-without-plug", "tap0123456789a"),
    } <= found

    async def forget(tx: Tx) -> None:
        await servers.change_server(tx, server_id, 0.0, task_state="deleting")

    await compute.kit.database.transact(forget)
    assert ("server-without-operation", server_id) in await still.leftovers()

    await compute.kit.database.transact(lambda tx: gone_by_hand(tx, server_id))
    assert ("port-without-server", port_id) in await still.leftovers()
    still.outside.host("host-2").reachable = False
    assert "host-silent" in {one.kind for one in await audit_compute(compute)}


async def test_a_plug_whose_port_is_gone_is_found(still: Cloud) -> None:
    server_id = await still.boot()
    await still.idle()
    (port,) = await held_ports(still, server_id)
    network = still.compute.network

    await still.kit.database.transact(lambda tx: remove_ports(network, tx, [port.port_id]))

    assert ("plug-without-port", port.port_id) in await still.leftovers()


async def gone_by_hand(tx: Tx, server_id: str) -> None:
    """What a hand in the database does: the row goes, and nothing of what it held."""
    await servers.change_server(tx, server_id, 0.0, deleted_at=1.0)


async def test_what_a_gone_server_held_is_taken_back(still: Cloud) -> None:
    server_id = await still.boot()
    other = await still.boot()
    await still.idle()
    compute, database = still.compute, still.kit.database
    (port_id,) = [port.port_id for port in await held_ports(still, server_id)]

    await database.transact(lambda tx: gone_by_hand(tx, server_id))
    found = {("claim-without-server", server_id), ("port-without-server", port_id)}
    assert found <= set(await still.leftovers())

    reconciler = TakeBack(compute)
    await reconciler.run()
    assert found <= set(await still.leftovers())
    await reconciler.run()

    assert not {kind for kind, _ in await still.leftovers()} & {kind for kind, _ in found}
    assert await held_ports(still, server_id) == []
    assert len(await held_ports(still, other)) == 1
    assert await allocations_of(database.reader, other)
    assert not await allocations_of(database.reader, server_id)


async def test_what_an_operation_works_on_is_not_taken_back(still: Cloud) -> None:
    server_id = await still.boot()
    await still.idle()
    for host in still.outside.world.hosts:
        host.reachable = False
    await still.ask("DELETE", f"/servers/{server_id}", status=204)
    await still.kit.database.transact(lambda tx: gone_by_hand(tx, server_id))

    reconciler = TakeBack(still.compute)
    for _ in range(3):
        await reconciler.run()

    assert await allocations_of(still.kit.database.reader, server_id)
    assert len(await held_ports(still, server_id)) == 1


async def test_a_port_that_a_user_calls_a_servers_stays_his(still: Cloud) -> None:
    """Anybody may write any device into a port of his own."""
    network = still.compute.network
    asked = PortRequest(network_id=still.network_id, device_id=STRAY, device_owner="compute:nova")
    database = still.kit.database
    await database.transact(lambda tx: create_port(network, tx, caller_of("member"), asked))

    reconciler = TakeBack(still.compute)
    for _ in range(3):
        await reconciler.run()

    assert len(await held_ports(still, STRAY)) == 1
    assert "port-without-server" not in {kind for kind, _ in await still.leftovers()}


async def held_ports(cloud: Cloud, device_id: str) -> list[DevicePort]:
    found = await compute_ports(cloud.compute.network, cloud.kit.database.reader)
    return [port for port in found if port.device_id == device_id]


async def test_a_guest_that_vanished_is_shown_as_lost_and_can_be_rebuilt(still: Cloud) -> None:
    server_id = await still.boot()
    host = still.host_of(server_id)
    assert host is not None
    host.lose_machine(server_id)
    assert ("server-without-guest", server_id) in await still.leftovers()
    guests = GuestReconciler(still.compute)
    await guests.run()
    assert (await still.show(server_id))["status"] == "ACTIVE"
    await guests.run()

    shown = await still.show(server_id)
    assert (shown["status"], shown["OS-EXT-STS:power_state"]) == ("ERROR", 0)
    assert "gone from host" in shown["fault"]["message"]
    assert "Rebuild the server" in shown["fault"]["message"]
    assert "server-without-guest" not in {kind for kind, _ in await still.leftovers()}
    refused = await still.act(server_id, "os-start", status=409)
    assert "vm_state error" in refused.text
    await still.act(server_id, "rebuild", {"imageRef": still.image_id})
    await still.reach(server_id, "ACTIVE")
    assert host.machines[server_id].boots == 1
    assert await still.leftovers() == []


async def test_a_guest_that_vanished_can_be_deleted(still: Cloud) -> None:
    server_id = await still.boot()
    host = still.host_of(server_id)
    assert host is not None
    host.lose_machine(server_id)
    guests = GuestReconciler(still.compute)
    await guests.run()
    await guests.run()
    await still.act(server_id, "reboot", {"type": "HARD"})
    shown = await still.reach(server_id, "ERROR")
    assert "is not on this host" in shown["fault"]["message"]
    await still.ask("DELETE", f"/servers/{server_id}", status=204)
    await still.gone(server_id)
    assert await still.leftovers() == []


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
    async def probe(run: Run, step: Step, moment: str) -> None:
        if (step.name, moment) == ("fetch_image", "before"):
            await delete_image(cloud.compute.images, service_caller("test", ""), cloud.image_id)

    cloud.kit.operations.probe = probe
    server_id = await cloud.create()
    shown = await cloud.reach(server_id, "ERROR")
    assert "was deleted before the server's disk was made" in shown["fault"]["message"]
    assert await cloud.leftovers() == []

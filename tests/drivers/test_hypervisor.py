"""One suite for every agent of a compute host."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from tests.drivers.hypervisor_rigs import BLANK_IMAGE, RIGS, Rig
from unkai.hypervisor.model import Machine, MachineStatus, Nic, PowerState, RootDisk
from unkai.kit.errors import BadRequest, Conflict, Fault, NotFound

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120)]
MIB = 1024 * 1024


@pytest.fixture(params=sorted(RIGS))
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    async with RIGS[request.param](tmp_path) as made:
        yield made


def a_machine(**changes: object) -> Machine:
    machine = Machine(
        server_id=str(uuid.uuid4()),
        name="web",
        project_id="p1",
        vcpus=1,
        memory_mib=32,
        root_disk=RootDisk(size_bytes=4 * MIB),
    )
    return msgspec.structs.replace(machine, **changes)


async def stream(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        await asyncio.sleep(0)
        yield chunk


async def prepared(rig: Rig, **changes: object) -> str:
    machine = a_machine(**changes)
    await rig.agent.prepare(machine, 1)
    await rig.agent.plug(machine.server_id, 1)
    return machine.server_id


async def power(rig: Rig, server_id: str) -> PowerState:
    return (await rig.agent.status(server_id)).power_state


async def until(rig: Rig, server_id: str, state: PowerState) -> MachineStatus:
    """What the stream of changes says once the machine is in the state."""
    async with asyncio.timeout(20):
        async for status in rig.agent.changes():
            if status.server_id == server_id and status.power_state == state:
                return status
    raise AssertionError("the stream of changes ended")


async def test_a_host_says_what_it_has(rig: Rig) -> None:
    host = await rig.agent.describe()

    assert host.vcpus > 0 and host.memory_mib > 0 and host.disk_gib > 0
    assert host.accelerator in ("kvm", "tcg")
    assert host.accelerator_reason and host.boot_id and host.hostname


async def test_a_machine_lives_and_leaves_nothing(rig: Rig) -> None:
    server_id = await prepared(rig)
    assert await power(rig, server_id) == PowerState.STOPPED

    await rig.agent.start(server_id, 2, paused=True)
    assert await power(rig, server_id) == PowerState.PAUSED
    await rig.agent.resume(server_id, 2)
    status = await rig.agent.status(server_id)
    assert status.power_state == PowerState.RUNNING
    assert status.epoch == 2 and status.pid

    await rig.agent.pause(server_id, 3)
    assert await power(rig, server_id) == PowerState.PAUSED
    await rig.agent.start(server_id, 3)
    assert await power(rig, server_id) == PowerState.RUNNING
    await rig.agent.reset(server_id, 3)
    await rig.agent.stop(server_id, 4)
    assert await power(rig, server_id) == PowerState.STOPPED
    await rig.agent.remove(server_id, 5)
    assert await power(rig, server_id) == PowerState.MISSING
    assert await rig.leftovers() == []


async def test_every_verb_may_be_repeated(rig: Rig) -> None:
    machine = a_machine()
    agent, server_id = rig.agent, machine.server_id
    for _ in range(2):
        await agent.prepare(machine, 1)
    for _ in range(2):
        await agent.plug(server_id, 1)
    for _ in range(2):
        await agent.start(server_id, 1)
    first = await agent.status(server_id)
    await agent.start(server_id, 1, paused=True)
    assert await agent.status(server_id) == first
    for _ in range(2):
        await agent.pause(server_id, 1)
    for _ in range(2):
        await agent.resume(server_id, 1)
    assert (await agent.status(server_id)).pid == first.pid
    for _ in range(2):
        await agent.stop(server_id, 1)
    for _ in range(2):
        await agent.unplug(server_id, 1)
    for _ in range(2):
        await agent.remove(server_id, 1)
    assert await rig.leftovers() == []


async def test_an_older_epoch_is_refused_even_after_removal(rig: Rig) -> None:
    machine = a_machine()
    server_id = machine.server_id
    await rig.agent.prepare(machine, 5)

    with pytest.raises(Conflict) as refused:
        await rig.agent.start(server_id, 4)
    assert refused.value.code == "stale-epoch"

    await rig.agent.remove(server_id, 6)
    await rig.restart()
    with pytest.raises(Conflict) as refused:
        await rig.agent.prepare(machine, 5)
    assert refused.value.code == "stale-epoch"
    assert await rig.leftovers() == []
    await rig.agent.prepare(machine, 7)
    assert (await rig.agent.status(server_id)).epoch == 7


async def test_a_server_nobody_prepared(rig: Rig) -> None:
    server_id = str(uuid.uuid4())
    for verb in (rig.agent.start, rig.agent.plug, rig.agent.resume, rig.agent.pause):
        with pytest.raises(NotFound):
            await verb(server_id, 1)
    with pytest.raises(NotFound):
        await rig.agent.reset(server_id, 1)
    with pytest.raises(NotFound):
        await rig.agent.console_log(server_id)
    await rig.agent.stop(server_id, 1)
    await rig.agent.unplug(server_id, 1)
    await rig.agent.remove(server_id, 1)
    assert await power(rig, server_id) == PowerState.MISSING


async def test_what_needs_a_process_says_so(rig: Rig) -> None:
    server_id = await prepared(rig)
    for verb in (rig.agent.resume, rig.agent.pause, rig.agent.reset):
        with pytest.raises(Conflict) as refused:
            await verb(server_id, 1)
        assert refused.value.code == "server-not-running"


async def test_an_image_is_fetched_once_and_checked(rig: Rig) -> None:
    image, data = BLANK_IMAGE
    asked = [rig.agent.cache_image(image, stream(data[:100], data[100:])) for _ in range(4)]
    await asyncio.gather(*asked)
    assert await rig.agent.cached_images() == [image]

    bad = msgspec.structs.replace(image, id=str(uuid.uuid4()), sha256="0" * 64)
    with pytest.raises(BadRequest) as refused:
        await rig.agent.cache_image(bad, stream(data))
    assert refused.value.code == "checksum-mismatch"
    assert await rig.agent.cached_images() == [image]


async def test_an_image_may_come_from_a_file(rig: Rig, tmp_path: Path) -> None:
    image, data = BLANK_IMAGE
    source = tmp_path / "source.img"
    source.write_bytes(data)
    await rig.agent.cache_image(image, source)
    assert await rig.agent.cached_images() == [image]
    source.unlink()
    server_id = await prepared(rig, root_disk=RootDisk(size_bytes=8 * MIB, image=image))
    await rig.agent.start(server_id, 1, paused=True)


async def test_an_image_in_use_stays_cached(rig: Rig) -> None:
    image, data = BLANK_IMAGE
    other = msgspec.structs.replace(image, id=str(uuid.uuid4()))
    for one in (image, other):
        await rig.agent.cache_image(one, stream(data))
    server_id = await prepared(rig, root_disk=RootDisk(size_bytes=8 * MIB, image=image))

    assert await rig.agent.evict_images([image.id, other.id]) == [other.id]
    assert await rig.agent.cached_images() == [image]
    await rig.agent.remove(server_id, 1)
    assert await rig.agent.evict_images([]) == []
    assert await rig.agent.evict_images([image.id, other.id]) == [image.id]


async def test_prepare_refuses_what_cannot_be(rig: Rig) -> None:
    image, data = BLANK_IMAGE
    machine = a_machine(root_disk=RootDisk(size_bytes=8 * MIB, image=image))
    with pytest.raises(Conflict) as missing:
        await rig.agent.prepare(machine, 1)
    assert missing.value.code == "image-not-cached"

    await rig.agent.cache_image(image, stream(data))
    small = msgspec.structs.replace(machine, root_disk=RootDisk(size_bytes=512, image=image))
    with pytest.raises(BadRequest) as refused:
        await rig.agent.prepare(small, 1)
    assert refused.value.code == "disk-too-small"


async def test_rebuild_needs_a_stopped_server(rig: Rig) -> None:
    image, data = BLANK_IMAGE
    machine = a_machine()
    await rig.agent.prepare(machine, 1)
    await rig.agent.start(machine.server_id, 1, paused=True)
    await rig.agent.cache_image(image, stream(data))
    rebuilt = msgspec.structs.replace(machine, root_disk=RootDisk(size_bytes=8 * MIB, image=image))
    with pytest.raises(Conflict) as refused:
        await rig.agent.rebuild(rebuilt, 1)
    assert refused.value.code == "server-running"

    await rig.agent.stop(machine.server_id, 1)
    await rig.agent.rebuild(rebuilt, 1)
    await rig.agent.start(machine.server_id, 1, paused=True)
    assert await rig.agent.evict_images([image.id]) == []


async def test_a_machine_that_vanished_is_rebuilt(rig: Rig) -> None:
    machine = a_machine()
    await rig.agent.rebuild(machine, 2)
    assert (await rig.agent.status(machine.server_id)).power_state is PowerState.STOPPED
    await rig.agent.start(machine.server_id, 2, paused=True)
    await rig.agent.remove(machine.server_id, 3)
    assert await rig.leftovers() == []


async def test_ports_come_and_go(rig: Rig) -> None:
    first, second = (Nic(port_id=str(uuid.uuid4()), mac=f"fa:16:3e:00:00:0{n}") for n in (1, 2))
    machine = a_machine(nics=(first,))
    server_id = machine.server_id
    await rig.agent.prepare(machine, 1)
    with pytest.raises(Conflict) as refused:
        await rig.agent.start(server_id, 1)
    assert refused.value.code == "port-not-plugged"

    await rig.agent.plug(server_id, 1)
    assert (await rig.agent.list()).ports == {first.port_id: server_id}
    await rig.agent.prepare(msgspec.structs.replace(machine, nics=(second,)), 1)
    await rig.agent.plug(server_id, 1)
    assert (await rig.agent.list()).ports == {second.port_id: server_id}
    await rig.agent.unplug(server_id, 1)
    assert (await rig.agent.list()).ports == {}


async def test_a_restarted_agent_finds_its_machines(rig: Rig) -> None:
    running, stopped = await prepared(rig), await prepared(rig)
    await rig.agent.start(running, 3)
    before = await rig.agent.status(running)

    await rig.restart()

    assert await rig.agent.status(running) == before
    assert await power(rig, stopped) == PowerState.STOPPED
    census = await rig.agent.list()
    assert {status.server_id for status in census.machines} == {running, stopped}
    assert census.leftovers == ()
    await rig.agent.pause(running, 3)
    assert await power(rig, running) == PowerState.PAUSED


async def test_a_dead_process_is_a_crash_and_is_told(rig: Rig) -> None:
    server_id = await prepared(rig)
    await rig.agent.start(server_id, 1)
    heard = asyncio.create_task(until(rig, server_id, PowerState.CRASHED))

    await rig.kill(server_id)

    assert (await heard).reason
    assert await power(rig, server_id) == PowerState.CRASHED
    await rig.agent.start(server_id, 2)
    assert await power(rig, server_id) == PowerState.RUNNING


async def test_a_death_unseen_is_a_crash_too(rig: Rig) -> None:
    server_id = await prepared(rig)
    await rig.agent.start(server_id, 1)
    await rig.restart(meanwhile=lambda: rig.kill(server_id))

    status = await rig.agent.status(server_id)
    assert status.power_state == PowerState.CRASHED and status.reason
    await rig.agent.stop(server_id, 1)
    assert await power(rig, server_id) == PowerState.STOPPED


async def test_changes_are_told(rig: Rig) -> None:
    server_id = await prepared(rig)
    for verb, state in (
        (rig.agent.start, PowerState.RUNNING),
        (rig.agent.pause, PowerState.PAUSED),
        (rig.agent.resume, PowerState.RUNNING),
        (rig.agent.stop, PowerState.STOPPED),
    ):
        heard = asyncio.create_task(until(rig, server_id, state))
        await verb(server_id, 1)
        await heard
    async with asyncio.timeout(20):
        async for status in rig.agent.changes():
            if status.power_state == PowerState.MISSING:
                break
            await rig.agent.remove(server_id, 1)


async def test_a_guest_that_ignores_the_button_is_stopped(rig: Rig) -> None:
    server_id = await prepared(rig)
    await rig.agent.start(server_id, 1)
    await rig.agent.stop(server_id, 1, graceful_timeout_s=0.5)
    assert await power(rig, server_id) == PowerState.STOPPED


async def test_the_console_is_kept(rig: Rig) -> None:
    image, data = rig.talking_image()
    await rig.agent.cache_image(image, stream(data))
    server_id = await prepared(rig, root_disk=RootDisk(size_bytes=8 * MIB, image=image))
    await rig.agent.start(server_id, 1)
    async with asyncio.timeout(20):
        while "hello" not in await rig.agent.console_log(server_id):
            await asyncio.sleep(0.05)
    await rig.agent.stop(server_id, 1)
    await rig.restart()
    assert "hello" in await rig.agent.console_log(server_id)
    assert len((await rig.agent.console_log(server_id, 1)).splitlines()) == 1
    assert await rig.agent.console_log(server_id, 0) == ""


async def test_a_fault_keeps_its_words(rig: Rig) -> None:
    with pytest.raises(Fault) as refused:
        await rig.agent.start(str(uuid.uuid4()), 1)
    assert refused.value.code == "server-unknown"
    assert "not on this host" in refused.value.message

"""The real agent when things break: QEMU dies, the disk fills, Unkai is killed, files lie about."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest

from tests.drivers.hypervisor_rigs import (
    TALKING_IMAGE,
    WRITING_IMAGE,
    LocalRig,
    an_image,
    local,
)
from unkai.hypervisor.local import LocalHypervisor, LocalSettings, mark_of
from unkai.hypervisor.model import ImageRef, Machine, MachineStatus, PowerState, RootDisk
from unkai.hypervisor.ports import FakePlugger
from unkai.hypervisor.qemu.process import marked, wanted_seconds
from unkai.kit.clock import Clock
from unkai.kit.errors import Conflict, Failed, Unavailable

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120)]
MIB = 1024 * 1024
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[LocalRig]:
    async with local(tmp_path) as made:
        yield made


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB."""
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", place], check=True)
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def a_machine(image: ImageRef | None = None, **changes: object) -> Machine:
    machine = Machine(
        server_id=str(uuid.uuid4()),
        name="web",
        project_id="p1",
        vcpus=1,
        memory_mib=32,
        root_disk=RootDisk(size_bytes=8 * MIB, image=image),
    )
    return msgspec.structs.replace(machine, **changes)


def processes(rig: LocalRig) -> set[str]:
    return set(marked(mark_of(rig.folder)))


async def test_a_qemu_that_dies_at_start_says_why(rig: LocalRig) -> None:
    machine = a_machine(memory_mib=1 << 30)
    await rig.agent.prepare(machine, 1)
    with pytest.raises(Failed) as failed:
        await rig.agent.start(machine.server_id, 1)

    assert failed.value.code == "qemu-failed"
    assert "QEMU ended with status 1" in failed.value.message
    assert "emory" in failed.value.message
    assert "smaller flavor" in (failed.value.remedy or "")
    status = await rig.agent.status(machine.server_id)
    assert status.power_state == PowerState.STOPPED
    assert processes(rig) == set()
    await rig.agent.prepare(msgspec.structs.replace(machine, memory_mib=32), 1)
    await rig.agent.start(machine.server_id, 1, paused=True)


async def test_a_qemu_that_cannot_be_run(tmp_path: Path) -> None:
    settings = LocalSettings(folder=tmp_path, hostname="h", qemu="/does/not/exist")
    with pytest.raises(Unavailable) as missing:
        await LocalHypervisor(settings, FakePlugger(), Clock()).open()
    assert missing.value.code == "qemu-missing"
    assert "qemu-system-x86" in (missing.value.remedy or "")


@needs_root
async def test_a_full_disk_leaves_nothing(rig: LocalRig, small_disk: Path) -> None:
    rig_on_small = LocalRig(small_disk)
    await rig_on_small.open()
    try:
        big, data = an_image("big", os.urandom(3 * MIB))
        with pytest.raises(Failed) as full:
            await rig_on_small.agent.cache_image(big, stream(data))
        assert full.value.code == "disk-full" and full.value.remedy
        assert await rig_on_small.agent.cached_images() == []

        machine = a_machine(config_drive=bytes(3 * MIB))
        with pytest.raises(Failed) as full:
            await rig_on_small.agent.prepare(machine, 1)
        assert full.value.code == "disk-full"
        assert await rig_on_small.leftovers() == []

        ballast = small_disk / "ballast"
        with pytest.raises(OSError, match="space"):
            ballast.write_bytes(bytes(4 * MIB))
        with pytest.raises(Failed) as full:
            await rig_on_small.agent.prepare(a_machine(), 1)
        assert full.value.code == "disk-full"
        ballast.unlink()
        assert await rig_on_small.leftovers() == []
        await rig_on_small.agent.prepare(a_machine(), 1)
    finally:
        await rig_on_small.clear()


@needs_root
async def test_a_guest_stopped_by_a_full_disk_goes_on_when_there_is_room(small_disk: Path) -> None:
    rig = LocalRig(small_disk)
    await rig.open()
    try:
        image, data = WRITING_IMAGE
        await rig.agent.cache_image(image, stream(data))
        machine = a_machine(image, root_disk=RootDisk(size_bytes=16 * MIB, image=image))
        await rig.agent.prepare(machine, 1)
        await rig.agent.start(machine.server_id, 1)
        stopped = await reached(rig, machine.server_id, PowerState.PAUSED)
        assert "is the host's disk full?" in stopped.reason
        assert await rig.agent.console_log(machine.server_id) == ""

        await rig.restart()  # who takes it up later knows as well
        assert (await rig.agent.status(machine.server_id)).power_state == PowerState.PAUSED
        subprocess.run(["mount", "-o", "remount,size=128m", small_disk], check=True)

        await reached(rig, machine.server_id, PowerState.RUNNING)
        async with asyncio.timeout(30):
            while not (said := await rig.agent.console_log(machine.server_id)):
                await asyncio.sleep(0.05)
        assert said == "D"
    finally:
        await rig.clear()


async def reached(rig: LocalRig, server_id: str, power_state: PowerState) -> MachineStatus:
    async with asyncio.timeout(60):
        async for status in rig.agent.changes():
            if status.server_id == server_id and status.power_state == power_state:
                return status
    raise AssertionError("the changes came to an end")


async def test_unkai_killed_leaves_its_guests_running(rig: LocalRig) -> None:
    """Another process starts a guest and is killed with SIGKILL; we adopt the guest."""
    await rig.close()
    server_id = str(uuid.uuid4())
    program = textwrap.dedent(f"""
        import asyncio, os, signal
        from pathlib import Path
        from tests.drivers.hypervisor_rigs import LocalRig
        from unkai.hypervisor.model import Machine, RootDisk

        async def main():
            rig = LocalRig(Path({str(rig.folder.parent)!r}))
            await rig.open()
            disk = RootDisk(size_bytes=4194304)
            machine = Machine(server_id={server_id!r}, name="n", project_id="p", vcpus=1,
                              memory_mib=32, root_disk=disk)
            await rig.agent.prepare(machine, 3)
            await rig.agent.start({server_id!r}, 3)
            os.kill(os.getpid(), signal.SIGKILL)

        asyncio.run(main())
    """)
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, cwd=Path(__file__).parents[2]
    )
    assert await child.wait() == -signal.SIGKILL

    await rig.open()
    status = await rig.agent.status(server_id)
    assert status.power_state == PowerState.RUNNING
    assert status.epoch == 3
    assert (await rig.agent.list()).leftovers == ()
    await rig.agent.stop(server_id, 3)
    assert processes(rig) == set()


async def test_a_start_cut_short_is_adopted(rig: LocalRig) -> None:
    """Killed between starting QEMU and writing it down."""
    machine = a_machine()
    await rig.agent.prepare(machine, 1)
    await rig.agent.start(machine.server_id, 1, paused=True)

    async def forget() -> None:
        (rig.folder / "machines" / machine.server_id / "process.json").unlink()

    await rig.restart(meanwhile=forget)
    status = await rig.agent.status(machine.server_id)
    assert status.power_state == PowerState.PAUSED
    assert await rig.leftovers() != []  # its folder, which belongs to a machine
    await rig.agent.remove(machine.server_id, 1)
    assert await rig.leftovers() == []


async def test_a_cancelled_start_leaves_no_process(rig: LocalRig) -> None:
    machine = a_machine()
    await rig.agent.prepare(machine, 1)
    for delay_s in (0, 0.005, 0.02, 0.05):
        start = asyncio.create_task(rig.agent.start(machine.server_id, 1, paused=True))
        await asyncio.sleep(delay_s)
        start.cancel()
        await asyncio.gather(start, return_exceptions=True)
        status = await rig.agent.status(machine.server_id)
        running = status.power_state == PowerState.PAUSED
        assert running == (processes(rig) == {machine.server_id})
        await rig.agent.stop(machine.server_id, 1)
        assert processes(rig) == set()


async def test_leftovers_are_found_and_removed(rig: LocalRig) -> None:
    folder = rig.folder / "machines"
    half_prepared = str(uuid.uuid4())
    (folder / half_prepared).mkdir()
    homeless = a_machine()
    await rig.agent.prepare(homeless, 1)
    await rig.agent.start(homeless.server_id, 1, paused=True)

    async def lose_folder() -> None:
        (folder / homeless.server_id / "machine.json").unlink()

    await rig.restart(meanwhile=lose_folder)
    found = {(left.kind, left.server_id) for left in (await rig.agent.list()).leftovers}
    assert found == {
        ("folder", half_prepared),
        ("folder", homeless.server_id),
        ("process", homeless.server_id),
    }
    for server_id in (half_prepared, homeless.server_id):
        await rig.agent.remove(server_id, 1)
    assert await rig.leftovers() == []
    assert processes(rig) == set()


async def test_a_silent_qemu_can_still_be_stopped(rig: LocalRig) -> None:
    machine = a_machine()
    await rig.agent.prepare(machine, 1)
    await rig.agent.start(machine.server_id, 1, paused=True)
    (victim,) = marked(mark_of(rig.folder)).values()
    os.kill(victim.pid, signal.SIGSTOP)
    try:
        await asyncio.wait_for(rig.agent.stop(machine.server_id, 1), 30)
    finally:
        if wanted_seconds(victim.pid) is not None:
            os.kill(victim.pid, signal.SIGCONT)
    assert processes(rig) == set()


async def test_a_newer_operation_does_not_wait_for_an_older_ones_patience(rig: LocalRig) -> None:
    machine = a_machine()
    await rig.agent.prepare(machine, 1)
    await rig.agent.start(machine.server_id, 1)
    patient = asyncio.create_task(rig.agent.stop(machine.server_id, 1, graceful_timeout_s=60))
    async with asyncio.timeout(20):
        await asyncio.sleep(0)
        await rig.agent.remove(machine.server_id, 2)
        with pytest.raises(Conflict) as refused:
            await patient
    assert refused.value.code == "stale-epoch"
    assert await rig.leftovers() == []


@needs_root
async def test_each_guest_is_a_user_of_its_own(rig: LocalRig) -> None:
    image, data = TALKING_IMAGE
    await rig.agent.cache_image(image, stream(data))
    machines = [a_machine(image) for _ in range(2)]
    for machine in machines:
        await rig.agent.prepare(machine, 1)
        await rig.agent.start(machine.server_id, 1)
    uids: set[int] = set()
    for found in marked(mark_of(rig.folder)).values():
        status = dict(
            line.split(":\t", 1)
            for line in Path(f"/proc/{found.pid}/status").read_text().splitlines()
            if ":\t" in line
        )
        uids.add(int(status["Uid"].split()[0]))
        assert status["Groups"].split() == []
        assert status["Seccomp"] == "2"
        assert status["CapEff"] == "0000000000000000"
    assert len(uids) == 2 and 0 not in uids


async def test_machines_that_boot_take_turns(rig: LocalRig) -> None:
    """Without KVM a third busy guest waits until one of two has become quiet."""
    spinner, data = an_image("spin", (b"\xeb\xfe").ljust(510, b"\0") + b"\x55\xaa")
    await rig.agent.cache_image(spinner, stream(data))
    machines = [a_machine(spinner) for _ in range(3)]
    for machine in machines:
        await rig.agent.prepare(machine, 1)
    first, second, third = (machine.server_id for machine in machines)
    await rig.agent.start(first, 1)
    await rig.agent.start(second, 1)
    waiting = asyncio.create_task(rig.agent.start(third, 1))
    done, _ = await asyncio.wait({waiting}, timeout=1.5)
    assert not done
    assert (await rig.agent.status(third)).power_state == PowerState.PAUSED

    await rig.agent.stop(first, 1)
    await asyncio.wait_for(waiting, 10)
    assert (await rig.agent.status(third)).power_state == PowerState.RUNNING


async def stream(data: bytes) -> AsyncIterator[bytes]:
    yield data

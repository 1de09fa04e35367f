"""Volumes of machines, on every agent: they come, go, grow and are remembered."""

from __future__ import annotations

import asyncio
import base64
import subprocess
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from tests.drivers.hypervisor_rigs import EJECTING_IMAGE, RIGS, WRITING_IMAGE, FakeRig, Rig
from tests.drivers.test_hypervisor import a_machine, stream, until
from unkai.hypervisor.model import Disk, Layer, Machine, PowerState, RootDisk, Secrets, SwapState
from unkai.kit.clock import Chance
from unkai.kit.errors import Conflict, Failed, NotFound
from unkai.kit.luks import make_header
from unkai.kit.qcow2 import size_of, write_empty
from unkai.kit.secret import Secret

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120)]
MIB = 1024 * 1024


@pytest.fixture(params=sorted(RIGS))
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    async with RIGS[request.param](tmp_path) as made:
        yield made


def a_volume(folder: Path, size_bytes: int = 4 * MIB, **changes: object) -> Disk:
    volume_id = str(uuid.uuid4())
    path = folder / volume_id
    with path.open("wb") as file:
        file.truncate(size_bytes)
    layer = Layer(path=str(path), format="raw")
    disk = Disk(volume_id=volume_id, size_bytes=size_bytes, layers=(layer,))
    return msgspec.structs.replace(disk, **changes)


def above(folder: Path, disk: Disk) -> Disk:
    """The volume with an empty layer put on top."""
    path = folder / f"{disk.volume_id}.{len(disk.layers)}"
    make = ["qemu-img", "create", "-q", "-f", "qcow2", str(path), str(disk.size_bytes)]
    subprocess.run(make, check=True)
    layer = Layer(path=str(path), format="qcow2")
    return msgspec.structs.replace(disk, layers=(layer, *disk.layers))


async def running(rig: Rig, **changes: object) -> str:
    """A guest that lets go of what it is asked to."""
    image, data = EJECTING_IMAGE
    await rig.agent.cache_image(image, stream(data))
    root = RootDisk(size_bytes=8 * MIB, image=image)
    machine = a_machine(root_disk=root, **changes)
    await rig.agent.prepare(machine, 1)
    await rig.agent.plug(machine.server_id, 1)
    await rig.agent.start(machine.server_id, 1)
    return machine.server_id


async def volumes(rig: Rig, server_id: str) -> tuple[str, ...]:
    return (await rig.agent.list()).volumes.get(server_id, ())


async def power(rig: Rig, server_id: str) -> PowerState:
    return (await rig.agent.status(server_id)).power_state


async def test_a_volume_comes_and_goes_while_the_guest_runs(rig: Rig, tmp_path: Path) -> None:
    server_id, disk = await running(rig), a_volume(tmp_path)
    for _ in range(2):
        await rig.agent.attach_disk(server_id, disk, 2)
    assert await volumes(rig, server_id) == (disk.volume_id,)

    await rig.restart()
    await rig.agent.attach_disk(server_id, disk, 3)
    for _ in range(2):
        await rig.agent.detach_disk(server_id, disk.volume_id, 4)
    assert await volumes(rig, server_id) == ()
    await rig.agent.attach_disk(server_id, disk, 5)
    await rig.agent.detach_disk(server_id, disk.volume_id, 6)
    assert await power(rig, server_id) == PowerState.RUNNING
    await rig.agent.remove(server_id, 7)
    assert await rig.leftovers() == []


async def test_ten_volumes_at_one_running_guest(rig: Rig, tmp_path: Path) -> None:
    server_id = await running(rig)
    disks = [a_volume(tmp_path, qos={"total_iops_sec": 100 + n}) for n in range(10)]
    for disk in disks:
        await rig.agent.attach_disk(server_id, disk, 2)
    assert set(await volumes(rig, server_id)) == {disk.volume_id for disk in disks}

    heard = asyncio.create_task(until(rig, server_id, PowerState.CRASHED))
    await rig.kill(server_id)
    await heard
    await rig.agent.start(server_id, 3)
    assert set(await volumes(rig, server_id)) == {disk.volume_id for disk in disks}
    for disk in disks:
        await rig.agent.detach_disk(server_id, disk.volume_id, 4)
    assert await volumes(rig, server_id) == ()


async def test_volumes_of_a_stopped_machine(rig: Rig, tmp_path: Path) -> None:
    kept, gone = a_volume(tmp_path), a_volume(tmp_path, read_only=True)
    machine = a_machine(disks=(kept,))
    server_id = machine.server_id
    await rig.agent.prepare(machine, 1)
    await rig.agent.attach_disk(server_id, gone, 1)
    assert await volumes(rig, server_id) == (kept.volume_id, gone.volume_id)
    await rig.agent.detach_disk(server_id, gone.volume_id, 2)
    await rig.agent.grow_disk(server_id, kept.volume_id, 8 * MIB)
    layered = above(tmp_path, a_volume(tmp_path))
    await rig.agent.attach_disk(server_id, layered, 2)
    await rig.agent.grow_disk(server_id, layered.volume_id, 8 * MIB)
    await rig.agent.detach_disk(server_id, layered.volume_id, 2)
    if not isinstance(rig, FakeRig):
        assert Path(kept.layers[0].path).stat().st_size == 8 * MIB
        assert size_of(Path(layered.layers[0].path)) == 8 * MIB
    await rig.agent.start(server_id, 3, paused=True)
    assert await volumes(rig, server_id) == (kept.volume_id,)


async def test_a_guest_that_keeps_its_disk(rig: Rig, tmp_path: Path) -> None:
    disk = a_volume(tmp_path)
    machine = a_machine()
    server_id = machine.server_id
    await rig.agent.prepare(machine, 1)
    await rig.agent.start(server_id, 1)
    await rig.agent.attach_disk(server_id, disk, 2)
    if isinstance(rig, FakeRig):
        rig.host.kept_disks.add(disk.volume_id)

    with pytest.raises(Failed) as kept:
        await rig.agent.detach_disk(server_id, disk.volume_id, 3)
    assert kept.value.code == "guest-keeps-disk" and kept.value.remedy
    assert await volumes(rig, server_id) == (disk.volume_id,)
    await rig.agent.stop(server_id, 4)
    await rig.agent.detach_disk(server_id, disk.volume_id, 4)
    assert await volumes(rig, server_id) == ()


async def test_a_machine_boots_from_a_volume(rig: Rig, tmp_path: Path) -> None:
    image, data = rig.talking_image()
    await rig.agent.cache_image(image, stream(data))
    root = a_volume(tmp_path)
    Path(root.layers[0].path).write_bytes(data.ljust(4 * MIB, b"\0"))
    machine = a_machine(root_disk=RootDisk(size_bytes=4 * MIB, volume=above(tmp_path, root)))
    server_id = machine.server_id
    await rig.agent.prepare(machine, 1)
    await rig.agent.start(server_id, 1)
    await says(rig, server_id, "hello")
    assert await volumes(rig, server_id) == (root.volume_id,)
    await rig.agent.remove(server_id, 2)
    assert await rig.leftovers() == []
    assert Path(root.layers[0].path).exists()


async def says(rig: Rig, server_id: str, words: str) -> None:
    async with asyncio.timeout(30):
        while words not in await rig.agent.console_log(server_id):
            await asyncio.sleep(0.05)


async def test_a_volume_is_switched_to_a_new_layer(rig: Rig, tmp_path: Path) -> None:
    server_id, disk = await running(rig), a_volume(tmp_path, qos={"read_iops_sec": 500})
    await rig.agent.attach_disk(server_id, disk, 2)
    newer = above(tmp_path, disk)
    for _ in range(2):
        await rig.agent.switch_disk(server_id, newer)
    newest = above(tmp_path, newer)
    await rig.agent.switch_disk(server_id, newest)

    with pytest.raises(Conflict) as late:
        await rig.agent.switch_disk(server_id, newer)
    assert late.value.code == "volume-differs"
    for _ in range(2):
        await rig.agent.grow_disk(server_id, disk.volume_id, 16 * MIB)
    await rig.agent.attach_disk(server_id, disk, 3)
    await rig.agent.detach_disk(server_id, disk.volume_id, 3)
    assert await volumes(rig, server_id) == ()


async def swapped(rig: Rig, server_id: str, had: Disk, disk: Disk, secrets: Secrets) -> None:
    """Copied by the guest's process, or played."""
    async with asyncio.timeout(60):
        said = await rig.agent.swap_disk(server_id, had, disk, 3, secrets)
        while said != SwapState.DONE:
            assert said == SwapState.COPYING
            await asyncio.sleep(0.01)
            said = await rig.agent.swap_disk(server_id, had, disk, 3, secrets)


async def test_another_volume_takes_the_place_of_one(rig: Rig, tmp_path: Path) -> None:
    """And gives it back; its name on the board is then one that another volume would have."""
    server_id, plain = await running(rig), a_volume(tmp_path, qos={"read_iops_sec": 500})
    secret = an_encrypted_volume(tmp_path)
    if isinstance(rig, FakeRig):
        rig.host.swaps.mirrors = True
    Path(plain.layers[0].path).write_bytes(b"kept".ljust(4 * MIB, b"k"))
    await rig.agent.attach_disk(server_id, plain, 2)
    with pytest.raises(Conflict):
        await rig.agent.swap_disk(server_id, plain, secret, 3)
    assert await rig.agent.swap_disk(server_id, plain, secret, 3, SECRETS) == SwapState.COPYING
    assert await rig.agent.keep_disk(server_id, plain.volume_id, secret, 3)
    assert await volumes(rig, server_id) == (plain.volume_id,)

    await swapped(rig, server_id, plain, secret, SECRETS)
    assert await volumes(rig, server_id) == (secret.volume_id,)
    assert not await rig.agent.keep_disk(server_id, plain.volume_id, secret, 3)
    await rig.restart()
    await swapped(rig, server_id, plain, secret, SECRETS)
    await rig.agent.attach_disk(server_id, plain, 3)
    await rig.agent.detach_disk(server_id, plain.volume_id, 3)
    larger = a_volume(tmp_path, 6 * MIB)
    await swapped(rig, server_id, secret, larger, {})
    await rig.agent.detach_disk(server_id, larger.volume_id, 5)
    assert await volumes(rig, server_id) == ()
    assert await power(rig, server_id) == PowerState.RUNNING
    if not isinstance(rig, FakeRig):
        assert Path(larger.layers[0].path).read_bytes()[: 4 * MIB] == b"kept".ljust(4 * MIB, b"k")
        in_it(tmp_path, secret, "read -P 107 4 4194300")


async def test_what_a_guest_writes_while_its_volume_is_swapped(rig: Rig, tmp_path: Path) -> None:
    """It writes sectors of a pattern over, but for each 128th, and then says so."""
    if isinstance(rig, FakeRig):
        pytest.skip("a played guest writes nothing")
    _, data = WRITING_IMAGE
    size, chunk, gap = 12 * MIB, 64 * 1024, 512
    root = a_volume(tmp_path, size, qos={"write_iops_sec": 100})
    other = a_volume(tmp_path, 16 * MIB)
    Path(root.layers[0].path).write_bytes(data.ljust(size, b"p"))
    machine = a_machine(root_disk=RootDisk(size_bytes=size, volume=root))
    await rig.agent.prepare(machine, 1)
    await rig.agent.start(machine.server_id, 1, paused=True)
    await rig.agent.swap_disk(machine.server_id, root, other, 3)
    await rig.agent.resume(machine.server_id, 3)
    await swapped(rig, machine.server_id, root, other, {})
    await says(rig, machine.server_id, "D")
    await rig.agent.stop(machine.server_id, 3)

    held = Path(other.layers[0].path).read_bytes()
    assert (len(held), held[: len(data)]) == (16 * MIB, data)
    written = held[chunk : 2 * chunk - gap]
    assert b"p" not in written
    for start in range(chunk, 8 * MIB, chunk):
        assert held[start : start + chunk] == written + b"p" * gap
    await rig.agent.remove(machine.server_id, 4)
    assert await rig.leftovers() == []


async def test_prepare_keeps_the_layers_of_a_volume_it_knows(rig: Rig, tmp_path: Path) -> None:
    disk = a_volume(tmp_path)
    machine: Machine = a_machine(disks=(disk,))
    server_id = machine.server_id
    await rig.agent.prepare(machine, 1)
    newer = above(tmp_path, disk)
    await rig.agent.switch_disk(server_id, newer)
    await rig.agent.prepare(machine, 2)

    with pytest.raises(Conflict):
        await rig.agent.switch_disk(server_id, disk)
    await rig.agent.switch_disk(server_id, newer)


async def test_what_is_not_attached(rig: Rig, tmp_path: Path) -> None:
    disk = a_volume(tmp_path)
    server_id = await running(rig)
    with pytest.raises(NotFound):
        await rig.agent.grow_disk(server_id, disk.volume_id, MIB)
    with pytest.raises(NotFound):
        await rig.agent.switch_disk(server_id, disk)
    with pytest.raises(NotFound):
        await rig.agent.attach_disk(str(uuid.uuid4()), disk, 1)
    await rig.agent.detach_disk(str(uuid.uuid4()), disk.volume_id, 1)
    await rig.agent.detach_disk(server_id, disk.volume_id, 2)


async def test_each_disk_is_counted(rig: Rig, tmp_path: Path) -> None:
    disk = a_volume(tmp_path)
    server_id = await running(rig, disks=(disk,))
    async with asyncio.timeout(20):
        while (found := (await rig.agent.metrics(server_id)).latest) is None or (
            not found.disks["root"].read_bytes
        ):
            await asyncio.sleep(0.05)
    assert set(found.disks) == {"root", disk.volume_id}


KEY = b"0123456789abcdef0123456789abcdef"
SECRETS = {"luks": Secret(base64.b64encode(KEY).decode())}


def an_encrypted_volume(folder: Path, below: Disk | None = None) -> Disk:
    volume_id = str(uuid.uuid4()) if below is None else below.volume_id
    path = folder / (volume_id if below is None else f"{volume_id}.1")
    name = None if below is None else (Path(below.layers[0].path).name, "qcow2")
    write_empty(path, 4 * MIB, name, make_header(KEY, 256, Chance()))
    layer = Layer(path=str(path), format="qcow2", encrypted=True)
    layers = (layer, *(() if below is None else below.layers))
    return Disk(volume_id=volume_id, size_bytes=4 * MIB, layers=layers)


def in_it(folder: Path, disk: Disk, *orders: str) -> None:
    key = folder / "key"
    key.write_text(SECRETS["luks"].value)
    secret = f"secret,id=k,format=base64,file={key}"
    place = f"driver=qcow2,encrypt.key-secret=k,file.filename={disk.layers[0].path}"
    said = [word for order in orders for word in ("-c", order)]
    words = ["qemu-io", "--object", secret, "--image-opts", place, *said]
    subprocess.run(words, check=True, capture_output=True)
    key.unlink()


async def test_an_encrypted_volume_is_opened_with_its_key_or_not_at_all(
    rig: Rig, tmp_path: Path
) -> None:
    """OSSA-2018-001: whoever detaches and attaches it again never has what is below the cipher."""
    server_id, disk = await running(rig), an_encrypted_volume(tmp_path)
    for _ in range(2):
        with pytest.raises(Conflict) as refused:
            await rig.agent.attach_disk(server_id, disk, 2)
        assert refused.value.code == "volume-key-missing"
        assert await volumes(rig, server_id) == ()
        await rig.agent.attach_disk(server_id, disk, 2, SECRETS)
        assert await volumes(rig, server_id) == (disk.volume_id,)
        await rig.agent.detach_disk(server_id, disk.volume_id, 2)
    await rig.agent.attach_disk(server_id, disk, 3, SECRETS)
    newer = an_encrypted_volume(tmp_path, disk)
    await rig.agent.switch_disk(server_id, newer)
    await rig.agent.grow_disk(server_id, disk.volume_id, 8 * MIB)
    if not isinstance(rig, FakeRig):
        _nowhere(tmp_path)

    await rig.agent.stop(server_id, 4)
    with pytest.raises(Conflict) as refused:
        await rig.agent.start(server_id, 4)
    assert refused.value.code == "volume-key-missing"
    await rig.agent.start(server_id, 5, secrets={disk.volume_id: SECRETS})
    if not isinstance(rig, FakeRig):
        _nowhere(tmp_path)
    await rig.agent.detach_disk(server_id, disk.volume_id, 5)
    await rig.agent.remove(server_id, 6)
    assert await rig.leftovers() == []


def _nowhere(folder: Path) -> None:
    """The key is in no file of the host's, and in no list of processes."""
    words = (KEY, SECRETS["luks"].value.encode())
    for path in folder.rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        assert not any(word in data for word in words), path
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            data = path.read_bytes()
        except OSError:
            continue
        assert not any(word in data for word in words), path


async def test_a_machine_boots_from_an_encrypted_volume(rig: Rig, tmp_path: Path) -> None:
    image, data = rig.talking_image()
    await rig.agent.cache_image(image, stream(data))
    root, plain = an_encrypted_volume(tmp_path), tmp_path / "plain"
    plain.write_bytes(data.ljust(MIB, b"\0")[:MIB])
    in_it(tmp_path, root, f"write -s {plain} 0 1M")
    machine = a_machine(root_disk=RootDisk(size_bytes=4 * MIB, volume=root))
    server_id = machine.server_id
    await rig.agent.prepare(machine, 1)
    await rig.agent.start(server_id, 1, secrets={root.volume_id: SECRETS})
    await says(rig, server_id, "hello")
    await rig.agent.remove(server_id, 2)
    assert await rig.leftovers() == []

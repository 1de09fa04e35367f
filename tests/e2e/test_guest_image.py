"""The guest image, built from packages and booted by the real agent, spoken to by its console."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.drivers.hypervisor_rigs import LocalRig
from unkai.guests.build import build_guest
from unkai.hypervisor import config_drive
from unkai.hypervisor.model import ImageRef, Machine, PowerState, RootDisk
from unkai.hypervisor.qemu.process import connect_unix

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]
PACKAGES = Path(__file__).parents[2] / ".cache" / "packages"
SERVER = "6f1f2a00-0000-4000-8000-00000000ed01"
MIB = 1024 * 1024
USER_DATA = b"#!/bin/sh\nset -eu -o pipefail\necho user-data-as-$(id -un) >/dev/console\n"


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("guest") / "guest.qcow2"
    build_guest(out, PACKAGES)
    return out


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[LocalRig]:
    made = LocalRig(tmp_path)
    await made.open()
    yield made
    await made.clear()


async def boot(rig: LocalRig, image: Path, firmware: str, memory_mib: int) -> None:
    data = image.read_bytes()
    size = int.from_bytes(data[24:32], "big")
    sha256 = hashlib.sha256(data).hexdigest()
    ref = ImageRef(id="guest", sha256=sha256, format="qcow2", virtual_size_bytes=size)
    metadata = {"uuid": SERVER, "hostname": "web-1.novalocal", "public_keys": {"k": "ssh-rsa AA k"}}
    drive = {
        "openstack/latest/meta_data.json": json.dumps(metadata).encode(),
        "openstack/latest/user_data": USER_DATA,
    }
    await rig.agent.cache_image(ref, image)
    machine = Machine(
        server_id=SERVER,
        name="web-1",
        project_id="p1",
        vcpus=1,
        memory_mib=memory_mib,
        root_disk=RootDisk(size_bytes=512 * MIB, image=ref),
        config_drive=await config_drive.build(drive),
        firmware="uefi" if firmware == "uefi" else "bios",
    )
    await rig.agent.prepare(machine, 1)
    await rig.agent.start(SERVER, 1)


async def said(rig: LocalRig, words: str, times: int = 1) -> str:
    async with asyncio.timeout(90):
        while (log := await rig.agent.console_log(SERVER)).count(words) < times:
            await asyncio.sleep(0.1)
    return log


async def type_on_console(rig: LocalRig, **answers: str) -> None:
    """Log in as the image's user, if need be, and type short lines, each after the word before it.

    A long line can stall: nobody empties an emulated UART while its guest switches modes.
    """
    loop = asyncio.get_running_loop()
    with connect_unix(rig.folder / "machines" / SERVER, "sockets/serial") as connection:
        login = {"Password:": "cirros", "~ $": "gocubsgo"}
        if (await rig.agent.console_log(SERVER)).rstrip().endswith("login:"):
            answers = login | answers
        for answer, line in answers.items():
            before = (await rig.agent.console_log(SERVER)).count(answer)
            await loop.sock_sendall(connection, f"{line}\n".encode())
            await said(rig, answer, before + 1)


async def test_the_same_packages_give_the_same_bytes(image: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.qcow2"
    build_guest(again, PACKAGES)
    assert again.read_bytes() == image.read_bytes()
    assert list(tmp_path.iterdir()) == [again]


@pytest.mark.parametrize(("firmware", "memory_mib"), [("bios", 96), ("uefi", 192)])
async def test_the_guest_boots(rig: LocalRig, image: Path, firmware: str, memory_mib: int) -> None:
    await boot(rig, image, firmware, memory_mib)
    log = await said(rig, "web-1 login:")

    assert "user-data-as-root" in await said(rig, "user data ended with status 0")
    assert "metadata drive, host web-1" in log
    grown = re.search(r"root (\d+) MiB", log)
    assert grown and int(grown[1]) > 400

    await rig.agent.stop(SERVER, 1, graceful_timeout_s=20)
    assert (await rig.agent.status(SERVER)).power_state == PowerState.STOPPED
    assert "power button" in await rig.agent.console_log(SERVER)


async def test_the_guest_survives_a_hard_reset(rig: LocalRig, image: Path) -> None:
    await boot(rig, image, "bios", 96)
    await said(rig, "web-1 login:")
    await type_on_console(rig, **{"id-0": "sudo id -u | sed s/^/id-/"})
    await type_on_console(rig, **{"wrote-it": "echo wrote-it | sudo tee /root/n; sync"})

    await rig.agent.reset(SERVER, 1)

    log = await said(rig, "web-1 login:", times=2)
    assert log.count("user-data-as-root") == 1
    await type_on_console(rig, **{"kept-it": "sudo sed s/wrote/kept/ /root/n"})

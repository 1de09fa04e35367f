"""The guest image, built from packages and booted by the real agent, spoken to by its console."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.drivers.console_reader import Reader
from tests.drivers.hypervisor_rigs import LocalRig
from unkai.guests import tree
from unkai.guests.build import build_guest
from unkai.hypervisor import config_drive
from unkai.hypervisor.model import ImageRef, Machine, PowerState, RootDisk

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.timeout(180),
    pytest.mark.xdist_group("guest image"),
]
PACKAGES = Path(__file__).parents[2] / ".cache" / "packages"
SERVER = "6f1f2a00-0000-4000-8000-00000000ed01"
MIB = 1024 * 1024
USER_DATA = b"""#!/bin/sh
set -eu -o pipefail
exec >/dev/console
echo user-data-as-$(id -un)
su cirros -c "set -eu -o pipefail; sudo -n id -u | sed s/^/sudo-/"
lsblk -lb --nodeps | grep -c vda | sed s/^/disks-/
echo kept-it >/root/note
echo '::once:/bin/sh -c "cat /root/note >/dev/console"' >>/etc/inittab
sync
"""


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
    """The user data has each later boot read aloud what the first one wrote."""
    await boot(rig, image, "bios", 96)
    log = await said(rig, "user data ended with status 0")
    assert "sudo-0" in log and "disks-1" in log
    await said(rig, "web-1 login:")

    await rig.agent.reset(SERVER, 1)

    log = await said(rig, "web-1 login:", times=2)
    assert "kept-it" in await said(rig, "kept-it")
    assert log.count("user-data-as-root") == 1


async def test_somebody_logs_in_at_the_serial_line(rig: LocalRig, image: Path) -> None:
    await boot(rig, image, "bios", 96)
    line = await rig.agent.open_console(SERVER, "serial")
    reader = Reader(line, deadline_s=90)
    for asked, said in (
        (b"web-1 login:", b"cirros\r"),
        (b"assword:", b"gocubsgo\r"),
        (b"$ ", b"echo it-is-$(id -un)-$((6 * 7))\r"),
    ):
        await reader.until(asked)
        await line.write(said)
    await reader.until(b"it-is-cirros-42")
    assert "it-is-cirros-42" in await rig.agent.console_log(SERVER)

    screen = await rig.agent.open_console(SERVER, "vnc")
    shown = Reader(screen)
    assert await shown.exactly(12) == b"RFB 003.008\n"
    for one, its_reader in ((line, reader), (screen, shown)):
        await its_reader.close()
        await one.close()


def test_the_password_is_the_usual_one() -> None:
    shadow = (Path(tree.DATA) / "root/etc/shadow").read_text()
    stored = shadow.split("cirros:")[1].split(":")[0]
    salt = stored.split("$")[2]
    made = subprocess.run(
        ["openssl", "passwd", "-6", "-salt", salt, "gocubsgo"], capture_output=True, check=True
    )
    assert made.stdout.decode().strip() == stored

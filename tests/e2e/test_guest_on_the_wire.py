"""A real guest on a real port: DHCP by OVN, and SSH from its neighbour."""

from __future__ import annotations

import asyncio
import hashlib
import json
import subprocess
from pathlib import Path

import pytest

from tests.drivers.hypervisor_rigs import LocalRig
from tests.drivers.network_rigs import Lab, Tenant, names, needs_ovn, tell_who
from unkai.guests.build import build_guest
from unkai.hypervisor import config_drive
from unkai.hypervisor.model import ImageRef, Machine, Nic, RootDisk
from unkai.hypervisor.ovs import OvsPlugger
from unkai.kit.clock import Clock
from unkai.network.drivers.metadata import MetadataServer
from unkai.network.drivers.ovn.driver import OvnDriver
from unkai.network.drivers.ovn.site import Site

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.timeout(180),
    pytest.mark.xdist_group("guest on the wire"),
    needs_ovn,
]
PACKAGES = Path(__file__).parents[2] / ".cache" / "packages"
SERVER = "6f1f2a00-0000-4000-8000-00000000ed02"


def make_key(folder: Path) -> tuple[Path, str]:
    path = folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    return path, path.with_suffix(".pub").read_text().strip()


async def a_machine(image: Path, port_id: str, mac: str, public_key: str) -> Machine:
    data = image.read_bytes()
    ref = ImageRef(
        id="guest",
        sha256=hashlib.sha256(data).hexdigest(),
        format="qcow2",
        virtual_size_bytes=int.from_bytes(data[24:32], "big"),
    )
    metadata = {"uuid": SERVER, "hostname": "wired", "public_keys": {"k": public_key}}
    files = {"openstack/latest/meta_data.json": json.dumps(metadata).encode()}
    return Machine(
        server_id=SERVER,
        name="wired",
        project_id="p1",
        vcpus=1,
        memory_mib=96,
        root_disk=RootDisk(size_bytes=256 * 1024**2, image=ref),
        nics=(Nic(port_id=port_id, mac=mac, mtu=1442),),
        config_drive=await config_drive.build(files),
    )


async def test_a_guest_answers_ssh_on_its_port(tmp_path: Path) -> None:
    image = tmp_path / "guest.qcow2"
    build_guest(image, PACKAGES)
    key, public_key = make_key(tmp_path)
    name = next(names())
    site = Site(
        namespace=name, run_dir=Path("/run") / name, state_dir=tmp_path / "ovn", chassis="h1"
    )
    door = MetadataServer(tell_who)
    lab = Lab(OvnDriver(site, clock=Clock(), door=door))
    plugger = OvsPlugger(
        site.switch_socket, namespace=name, vnet_hdr=not site.needs_full_checksums, clock=Clock()
    )
    rig = LocalRig(tmp_path, plugger)
    try:
        await lab.driver.start()
        await plugger.open_switch()
        await rig.open()
        tenant = Tenant()
        port, neighbour = tenant.port(10), tenant.port(20)
        await lab.driver.apply([*tenant.objects(tenant.rule()), port, neighbour])
        (near,) = await lab.plug(neighbour)

        machine = await a_machine(image, port.port.id, port.port.mac_address, public_key)
        assert machine.root_disk.image is not None
        await rig.agent.cache_image(machine.root_disk.image, image)
        await rig.agent.prepare(machine, 1)
        await rig.agent.plug(SERVER, 1)
        await rig.agent.start(SERVER, 1)
        await lab.up(port.port.id)
        async with asyncio.timeout(90):
            while "boot complete" not in (log := await rig.agent.console_log(SERVER)):
                await asyncio.sleep(0.2)
        assert "10.0.0.10/24" in log

        ssh = ["ssh", "-q", "-i", str(key), "-o", "StrictHostKeyChecking=no"]
        ssh += ["-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes", "cirros@10.0.0.10"]
        said = await near.run(
            [*ssh, "set -eu -o pipefail; sudo id -u; cat /sys/class/net/eth0/mtu"]
        )
        assert said.stdout.split() == ["0", "1442"], said.stderr
        much = await near.run([*ssh, "dd if=/dev/zero bs=1M count=4 2>/dev/null | base64 | wc -c"])
        assert int(much.stdout) > 5_000_000

        await rig.agent.remove(SERVER, 2)
        assert await rig.leftovers() == []
        assert await plugger.plugged() == {}
    finally:
        await rig.clear()
        await plugger.close()
        lab.clear()
        await door.close_all()
        await lab.driver.stop()

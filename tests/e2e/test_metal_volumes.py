"""A machine of the rack whose disk is a volume: real firmware, iPXE, tgt; nothing on its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clouds import running_cloud
from tests.drivers.test_exports import HAS_TGT
from tests.e2e.metal import NODES, Metal, start_rack
from tests.e2e.test_volumes import V3, rests, volume
from tests.e2e.visitor import Disturbed, until
from unkai.rack import MachineSpec

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("real cloud"),
    pytest.mark.skipif(not HAS_TGT, reason="needs root, tgt and qemu-block-extra"),
]
SETTINGS = """[baremetal]
automated_clean = false
"""
SPECS = {
    "resources:VCPU": "0",
    "resources:MEMORY_MB": "0",
    "resources:DISK_GB": "0",
    "resources:CUSTOM_RACK_SMALL": "1",
}


@pytest.fixture(scope="module")
def metal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Metal]:
    if os.geteuid() != 0:
        pytest.skip("a real cloud needs root")
    folder = tmp_path_factory.mktemp("metal-volumes") / "cloud"
    folder.mkdir()
    (folder / "unkai.toml").write_text(SETTINGS)
    with running_cloud(folder, fake=False) as cloud:
        made = start_rack(Disturbed(cloud), MachineSpec(name="node1", disk_gib=1))
        yield made
        made.close()


def enroll(metal: Metal) -> None:
    """A node that says that it boots by iSCSI, available."""
    metal.enroll()
    known = metal.shown()["properties"].get("capabilities", "")
    words = ",".join(word for word in (known, "iscsi_boot:true") if word)
    metal.change(properties__capabilities=words, storage_interface="cinder")
    metal.provision("manage")
    metal.reach("manageable")
    metal.provision("provide")
    metal.reach("available")


def flavor(metal: Metal) -> str:
    body = {"flavor": {"name": "bm.volume", "ram": 512, "vcpus": 1, "disk": 0}}
    path = "/compute/v2.1/flavors"
    made = metal.admin.ask("POST", path, body, status=200).json()["flavor"]["id"]
    specs = {"extra_specs": SPECS}
    metal.admin.ask("POST", f"{path}/{made}/os-extra_specs", specs, status=200)
    return str(made)


def is_blank(path: Path) -> bool:
    """Nothing was ever written to the disk."""
    words = ["qemu-img", "map", "-U", "--output=human", str(path)]
    said = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    return len(said.splitlines()) <= 1


def test_a_machine_boots_from_a_volume(metal: Metal) -> None:
    enroll(metal)
    admin = metal.admin
    root = {
        "source_type": "image",
        "destination_type": "volume",
        "uuid": admin.image_id(),
        "boot_index": 0,
        "volume_size": 1,
        "delete_on_termination": True,
    }
    networks = admin.get("/network/v2.0/networks")["networks"]
    network = next(one["id"] for one in networks if one["name"] in ("private", "demo-net"))
    server = {
        "name": "rooted",
        "flavorRef": flavor(metal),
        "imageRef": "",
        "networks": [{"uuid": network}],
        "block_device_mapping_v2": [root],
    }
    made = admin.ask("POST", "/compute/v2.1/servers", {"server": server}, status=202).json()
    server_id = made["server"]["id"]
    try:
        admin.reach(server_id, "ACTIVE", seconds=120)
        (attached,) = admin.server(server_id)["os-extended-volumes:volumes_attached"]
        rests(admin, attached["id"], "in-use")
        until(lambda: "boot complete" in metal.console(), seconds=120, what="the guest", pause_s=1)
        assert "root by iSCSI" in metal.console()
        assert "root 991 MiB" in metal.console() or "root 9" in metal.console()
        until(lambda: "login:" in metal.console(), seconds=30, what="a login")
        assert metal.disturbed.leftovers() == []
        metal.disturbed.kill()
        metal.close()
        metal.disturbed.up()
        admin = metal.admin
        assert metal.disturbed.leftovers() == []
    finally:
        print(metal.console()[-3000:])
        print("\n".join(str(one) for one in metal.timeline()[-30:]))
    node = metal.shown()
    assert node["provision_state"] == "active"
    targets = metal.ask("GET", f"{NODES}/{metal.node}/volume/targets?detail=true").json()["targets"]
    assert [one["volume_id"] for one in targets] == [attached["id"]]
    assert targets[0]["properties"]["auth_password"] == "******"  # hidden

    admin.ask("DELETE", f"/compute/v2.1/servers/{server_id}", status=204)
    admin.gone(server_id)
    metal.reach("available", seconds=60)
    until(
        lambda: admin.ask("GET", f"{V3}/volumes/{attached['id']}").status_code == 404,
        seconds=30,
        what="its volume is gone",
    )
    assert volume is not None
    metal.is_free()

"""A machine of the rack whose disk is a volume: real firmware, iPXE, tgt; nothing on its own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator

import pytest

from tests.clouds import running_cloud
from tests.drivers.test_exports import HAS_TGT
from tests.e2e.metal import NODES, Metal, start_rack
from tests.e2e.test_volumes import V3, rests
from tests.e2e.visitor import GONE, Disturbed, Visitor, until
from unkai.rack import MachineSpec

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("metal volumes"),
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


def is_blank(metal: Metal) -> bool:
    """Nothing was ever written to the machine's own disk."""
    (disk,) = (metal.disturbed.cloud.state_dir / "rack" / metal.spec.name).glob("disk*")
    words = ["qemu-img", "map", "-U", "--output=json", str(disk)]
    said = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    return not any(one["data"] for one in json.loads(said))


def the_root(customer: Visitor) -> dict[str, object]:
    return {
        "source_type": "image",
        "destination_type": "volume",
        "uuid": customer.image_id(),
        "boot_index": 0,
        "volume_size": 1,
        "delete_on_termination": True,
    }


def test_a_machine_boots_from_a_volume(metal: Metal) -> None:
    enroll(metal)
    chosen = {"flavorRef": flavor(metal), "imageRef": ""}
    customer = Visitor(metal.disturbed.cloud)
    try:
        server_id = customer.ask_for_server(
            "rooted", **chosen, block_device_mapping_v2=[the_root(customer)]
        )
        customer.reach(server_id, "ACTIVE", seconds=120)
        until(lambda: "login:" in metal.console(), seconds=150, what="a login", pause_s=0.5)
    finally:
        print(metal.console()[-3000:])
        print("\n".join(str(one) for one in metal.timeline()[-30:]))
    assert "root by iSCSI" in metal.console()
    assert is_blank(metal)
    (attached,) = customer.server(server_id)["os-extended-volumes:volumes_attached"]
    rests(customer, attached["id"], "in-use")
    path = f"{NODES}/{metal.node}/volume/targets?detail=true"
    (target,) = metal.ask("GET", path).json()["targets"]
    assert target["volume_id"] == attached["id"]
    assert target["properties"]["auth_password"] == "******"
    customer.close()

    metal.restart_cloud()
    assert metal.disturbed.leftovers() == []
    customer = Visitor(metal.disturbed.cloud)
    customer.delete(server_id)
    customer.gone(server_id)
    metal.reach("available")
    until(
        lambda: customer.ask("GET", f"{V3}/volumes/{attached['id']}").status_code == GONE,
        seconds=30,
        what="its volume is gone",
    )
    customer.close()
    metal.is_free()

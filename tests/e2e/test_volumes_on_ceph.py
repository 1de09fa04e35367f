"""A real cloud whose volumes are images of a real Ceph: a guest boots from one and has another."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clouds import running_cloud
from tests.drivers import ceph_rigs
from tests.drivers.ceph_rigs import Ceph
from tests.e2e.test_volumes import NEWEST, V3, a_volume, attach, detach, rests, watching
from tests.e2e.visitor import Disturbed, Visitor, until

pytestmark = [pytest.mark.soak, pytest.mark.timeout(900), pytest.mark.xdist_group("ceph")]


@pytest.fixture(scope="module")
def ceph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ceph]:
    if absent := ceph_rigs.missing():
        pytest.skip(f"not installed: {', '.join(absent)} (packages-soak.txt)")
    with ceph_rigs.started(tmp_path_factory.mktemp("ceph")) as made:
        yield made


@pytest.fixture(scope="module")
def disturbed(tmp_path_factory: pytest.TempPathFactory, ceph: Ceph) -> Iterator[Disturbed]:
    if os.geteuid() != 0:
        pytest.skip("a real cloud needs root")
    folder = tmp_path_factory.mktemp("on-ceph") / "cloud"
    folder.mkdir()
    (folder / "unkai.toml").write_text(
        "[block_storage]\n"
        'driver = "ceph"\n'
        f'ceph_pool = "{ceph_rigs.POOL}"\n'
        f'ceph_user = "{ceph_rigs.USER}"\n'
        f'ceph_conf = "{ceph.conf}"\n'
        f'ceph_keyring = "{ceph.keyring}"\n'
    )
    with running_cloud(folder, fake=False) as cloud:
        yield Disturbed(cloud)


@pytest.fixture
def visitor(disturbed: Disturbed) -> Iterator[Visitor]:
    one = Visitor(disturbed.cloud)
    yield one
    one.close()


def test_guests_live_on_images_of_a_pool(
    visitor: Visitor, disturbed: Disturbed, ceph: Ceph
) -> None:
    root = {
        "source_type": "image",
        "destination_type": "volume",
        "uuid": visitor.image_id(),
        "boot_index": 0,
        "volume_size": 1,
        "delete_on_termination": True,
    }
    data = a_volume(visitor)
    first = watching(visitor, "first", imageRef="", block_device_mapping_v2=[root])
    visitor.says(first, "login:")
    attach(visitor, first, data)
    visitor.says(first, "FOUND<>")
    _shows_no_key(disturbed, ceph, first)

    larger = {"os-extend": {"new_size": 2}}
    path = f"{V3}/volumes/{data}/action"
    visitor.ask("POST", path, larger, headers=NEWEST, status=202)
    visitor.says(first, "=4194304>")
    rests(visitor, data, "in-use")
    snapshot = {"snapshot": {"volume_id": data, "force": True}}
    made = visitor.ask("POST", f"{V3}/snapshots", snapshot, status=202).json()["snapshot"]
    until(
        lambda: visitor.get(f"{V3}/snapshots/{made['id']}")["snapshot"]["status"] == "available",
        seconds=60,
        what="the snapshot",
    )
    disturbed.kill()
    disturbed.up()
    detach(visitor, first, data)
    visitor.delete(first)
    visitor.gone(first)

    copy = a_volume(visitor, snapshot_id=made["id"], size=2)
    second = watching(visitor, "second")
    visitor.says(second, "login:")
    attach(visitor, second, copy)
    visitor.says(second, "FOUND<written by first>")
    visitor.delete(second)
    visitor.gone(second)
    for one in (copy, data):
        rests(visitor, one, "available")
        visitor.ask("DELETE", f"{V3}/volumes/{one}?cascade=true", status=202)
    for one in (copy, data):
        until(
            lambda one=one: visitor.ask("GET", f"{V3}/volumes/{one}").status_code == 404,
            seconds=90,
            what=f"volume {one} is gone",
        )
    until(lambda: ceph.images() == [], seconds=90, what="an empty pool", pause_s=1)
    assert disturbed.leftovers() == []


def _shows_no_key(disturbed: Disturbed, ceph: Ceph, server_id: str) -> None:
    """Neither the process nor the machine's folder tells the key of Ceph's user."""
    key = ceph.keyring.read_text().split("key = ")[1].split()[0].encode()
    assert key not in Path(f"/proc/{disturbed.qemu(server_id)}/cmdline").read_bytes()
    for path in disturbed.machine(server_id).rglob("*"):
        assert not path.is_file() or key not in path.read_bytes(), path
    assert key not in (disturbed.cloud.state_dir / "log" / "unkai.log").read_bytes()

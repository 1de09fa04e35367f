"""Volumes in real guests: what one wrote, another reads; grown, snapshot, and booted from."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.clouds import running_cloud
from tests.e2e.visitor import Disturbed, Visitor, until

pytestmark = [pytest.mark.timeout(600), pytest.mark.xdist_group("volumes")]
V3 = "/volume/v3"
NEWEST = {"OpenStack-API-Version": "volume 3.71"}
WATCH = r"""#!/bin/sh
# Tells of every volume that comes, goes or grows; reads and writes the beginning of each.
watch() {
  last=
  while :; do
    now=
    for disk in /sys/block/vd*; do
      [ -n "$(cat $disk/serial 2>/dev/null)" ] || continue
      name=${disk##*/}
      case "$last" in
        *"$name="*) ;;
        *) echo "FOUND<$(dd if=/dev/$name bs=32 count=1 2>/dev/null | tr -d '\000')>"
           printf 'written by %s' "$(hostname)" | dd of=/dev/$name bs=512 conv=sync 2>/dev/null
           sync ;;
      esac
      now="$now $name=$(cat $disk/size)"
    done
    [ "$now" = "$last" ] || echo "DISKS<$now>"
    last=$now
    sleep 1
  done
}
watch > /dev/console 2>&1 &
"""


@pytest.fixture(scope="module")
def disturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disturbed]:
    if os.geteuid() != 0:
        pytest.skip("a real cloud needs root")
    with running_cloud(tmp_path_factory.mktemp("volumes") / "cloud", fake=False) as cloud:
        yield Disturbed(cloud)


@pytest.fixture
def visitor(disturbed: Disturbed) -> Iterator[Visitor]:
    one = Visitor(disturbed.cloud)
    yield one
    one.close()


def volume(visitor: Visitor, volume_id: str) -> dict[str, Any]:
    shown: dict[str, Any] = visitor.get(f"{V3}/volumes/{volume_id}")["volume"]
    return shown


def rests(visitor: Visitor, volume_id: str, status: str) -> None:
    until(
        lambda: volume(visitor, volume_id)["status"] == status,
        seconds=90,
        what=f"volume {volume_id} {status}",
    )


def a_volume(visitor: Visitor, **fields: Any) -> str:
    body = {"volume": {"size": 1, **fields}}
    made = visitor.ask("POST", f"{V3}/volumes", body, status=202).json()["volume"]
    rests(visitor, made["id"], "available")
    return str(made["id"])


def attach(visitor: Visitor, server_id: str, volume_id: str) -> None:
    path = f"/compute/v2.1/servers/{server_id}/os-volume_attachments"
    visitor.ask("POST", path, {"volumeAttachment": {"volumeId": volume_id}}, status=200)
    rests(visitor, volume_id, "in-use")


def detach(visitor: Visitor, server_id: str, volume_id: str) -> None:
    path = f"/compute/v2.1/servers/{server_id}/os-volume_attachments/{volume_id}"
    visitor.ask("DELETE", path, status=202)
    rests(visitor, volume_id, "available")


def watching(visitor: Visitor, name: str, **more: Any) -> str:
    script = base64.b64encode(WATCH.encode()).decode()
    return visitor.boot(name, user_data=script, **more)


def act(visitor: Visitor, server_id: str, action: str, status: str) -> None:
    path = f"/compute/v2.1/servers/{server_id}/action"
    visitor.ask("POST", path, {action: None}, status=202)
    visitor.reach(server_id, status)


def test_what_one_guest_wrote_another_reads(visitor: Visitor, disturbed: Disturbed) -> None:
    first, volume_id = watching(visitor, "first"), a_volume(visitor)
    visitor.says(first, "login:")
    attach(visitor, first, volume_id)
    visitor.says(first, "FOUND<>")
    visitor.says(first, "=2097152>")

    larger = {"os-extend": {"new_size": 2}}
    path = f"{V3}/volumes/{volume_id}/action"
    visitor.ask("POST", path, larger, headers=NEWEST, status=202)
    visitor.says(first, "=4194304>")
    rests(visitor, volume_id, "in-use")
    snapshot = {"snapshot": {"volume_id": volume_id, "force": True}}
    made = visitor.ask("POST", f"{V3}/snapshots", snapshot, status=202).json()["snapshot"]
    until(
        lambda: visitor.get(f"{V3}/snapshots/{made['id']}")["snapshot"]["status"] == "available",
        seconds=60,
        what="the snapshot",
    )
    disturbed.kill()
    disturbed.up()
    detach(visitor, first, volume_id)
    visitor.says(first, "DISKS<>")

    second = watching(visitor, "second")
    visitor.says(second, "login:")
    attach(visitor, second, volume_id)
    visitor.says(second, "FOUND<written by first>")
    visitor.delete(first)
    act(visitor, second, "os-stop", "SHUTOFF")
    copy = a_volume(visitor, snapshot_id=made["id"], size=2)
    attach(visitor, second, copy)
    act(visitor, second, "os-start", "ACTIVE")

    visitor.delete(second)
    for server_id in (first, second):
        visitor.gone(server_id)
    rests(visitor, volume_id, "available")
    rests(visitor, copy, "available")
    visitor.ask("DELETE", f"{V3}/snapshots/{made['id']}", status=202)
    until(
        lambda: visitor.ask("GET", f"{V3}/snapshots/{made['id']}").status_code == 404,
        seconds=30,
        what="the snapshot is gone",
    )
    for one in (volume_id, copy):
        visitor.ask("DELETE", f"{V3}/volumes/{one}", status=202)
    assert disturbed.leftovers() == []


def test_a_guest_boots_from_a_volume(visitor: Visitor, disturbed: Disturbed) -> None:
    root = {
        "source_type": "image",
        "destination_type": "volume",
        "uuid": visitor.image_id(),
        "boot_index": 0,
        "volume_size": 1,
        "delete_on_termination": True,
    }
    server_id = watching(visitor, "rooted", imageRef="", block_device_mapping_v2=[root])
    visitor.says(server_id, "login:")
    visitor.says(server_id, "FOUND<")
    (attached,) = visitor.server(server_id)["os-extended-volumes:volumes_attached"]
    assert volume(visitor, attached["id"])["bootable"] == "true"
    visitor.delete(server_id)
    visitor.gone(server_id)
    until(
        lambda: visitor.ask("GET", f"{V3}/volumes/{attached['id']}").status_code == 404,
        seconds=30,
        what="its volume is gone",
    )
    assert disturbed.leftovers() == []


def test_nothing_of_an_encrypted_guest_lies_in_clear(
    visitor: Visitor, disturbed: Disturbed
) -> None:
    admin = Visitor(disturbed.cloud, "unkai")
    kind = admin.ask("POST", f"{V3}/types", {"volume_type": {"name": "secret"}}, status=200)
    said = {"encryption": {"provider": "luks", "cipher": "aes-xts-plain64", "key_size": 256}}
    path = f"{V3}/types/{kind.json()['volume_type']['id']}/encryption"
    admin.ask("POST", path, said, status=200)
    admin.close()
    data = a_volume(visitor, volume_type="secret")
    root = {
        "source_type": "image",
        "destination_type": "volume",
        "uuid": visitor.image_id(),
        "boot_index": 0,
        "volume_size": 1,
        "volume_type": "secret",
        "delete_on_termination": True,
    }
    server_id = watching(visitor, "whisper", imageRef="", block_device_mapping_v2=[root])
    visitor.says(server_id, "login:")
    attach(visitor, server_id, data)
    visitor.says(server_id, "FOUND<>")
    snapshot = {"snapshot": {"volume_id": data, "force": True}}
    made = visitor.ask("POST", f"{V3}/snapshots", snapshot, status=202).json()["snapshot"]
    until(
        lambda: visitor.get(f"{V3}/snapshots/{made['id']}")["snapshot"]["status"] == "available",
        seconds=60,
        what="the snapshot",
    )
    larger = {"os-extend": {"new_size": 2}}
    path = f"{V3}/volumes/{data}/action"
    visitor.ask("POST", path, larger, headers=NEWEST, status=202)
    visitor.says(server_id, "=4194304>")
    detach(visitor, server_id, data)
    until(
        lambda: visitor.console(server_id).count("DISKS< vda=2097152>") == 2,
        seconds=60,
        what="the guest saw it go",
    )
    attach(visitor, server_id, data)
    visitor.says(server_id, "FOUND<written by whisper>")
    layers = disturbed.cloud.state_dir / "volumes" / "layers"
    files = [path for path in layers.iterdir() if path.suffix != ".json"]
    assert len(files) == 3
    for path in files:
        found = path.read_bytes()
        assert b"written by" not in found and b"SYSLINUX" not in found, path

    visitor.delete(server_id)
    visitor.gone(server_id)
    rests(visitor, data, "available")
    visitor.ask("DELETE", f"{V3}/volumes/{data}?cascade=true", status=202)
    until(lambda: not list(layers.iterdir()), seconds=30, what="its files are gone")
    assert disturbed.leftovers() == []

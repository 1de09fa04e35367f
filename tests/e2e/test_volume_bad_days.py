"""A guest writes on and on while Unkai is killed in the middle of work on its volumes.

What the guest says on its console, its disk had told it was written: after every kill all of it is
there, in the volume and in whatever was made of it, and the audit finds nothing left over.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.clouds import CHECKOUT, running_cloud
from tests.e2e.visitor import Disturbed, Visitor, runs, until
from unkai.block_storage.connection import Layer
from unkai.block_storage.drivers.qemu_img import opened

pytestmark = [pytest.mark.timeout(900), pytest.mark.xdist_group("volume bad days")]
V3 = "/volume/v3"
NEWEST = {"OpenStack-API-Version": "volume 3.71"}
BLOCK = 512
WRITE = r"""#!/bin/sh
# Writes to every volume, block after block, as long as it is there; says what the disk has kept.
write() {
  exec 3<>/dev/$1
  kept=$(cat /tmp/$2 2>/dev/null || echo 0)
  [ $kept = 0 ] || dd bs=512 count=$kept <&3 >/dev/null 2>&1
  while printf '%-511s\n' "block $kept of $2" | dd bs=512 count=1 conv=fsync >&3 2>/dev/null; do
    kept=$((kept + 1))
    echo $kept > /tmp/$2
    echo "KEPT<$2 $kept>"
  done
}
watch() {
  last=
  while :; do
    now=
    for disk in /sys/block/vd*; do
      serial=$(cat $disk/serial 2>/dev/null)
      [ -n "$serial" ] || continue
      case "$last" in *"$serial"*) ;; *) write ${disk##*/} $serial & ;; esac
      now="$now $serial=$(cat $disk/size)"
    done
    [ "$now" = "$last" ] || echo "DISKS<$now>"
    last=$now
    sleep 0.3
  done
}
watch > /dev/console 2>&1 &
"""


@dataclass
class Scene:
    """A cloud that can be killed at a place, a server that writes, and the volume it writes to."""

    disturbed: Disturbed
    order: Path
    visitor: Visitor
    admin: Visitor
    server_id: str = ""
    volume_id: str = ""
    names: Iterator[int] = field(default_factory=itertools.count)

    # --- what is there

    def volume(self, volume_id: str) -> dict[str, Any]:
        shown: dict[str, Any] = self.visitor.get(f"{V3}/volumes/{volume_id}")["volume"]
        return shown

    def named(self, kind: str, name: str) -> dict[str, Any] | None:
        """What a request made that may have had no answer; None where it was never admitted."""
        found = self.visitor.get(f"{V3}/{kind}/detail", name=name)[kind]
        return found[0] if found else None

    def status(self, volume_id: str) -> str:
        return str(self.volume(volume_id)["status"])

    def busy(self) -> bool:
        return bool(self.admin.get("/unkai/v1/operations", active="true")["operations"])

    def rest(self) -> None:
        until(lambda: not self.busy(), seconds=120, what="no operation")

    def kept(self, volume_id: str) -> int:
        """How many blocks the guest knows to be on the volume."""
        found = re.findall(rf"KEPT<{volume_id[:20]} (\d+)>", self.said(200))
        return int(found[-1]) if found else 0

    def said(self, lines: int) -> str:
        path = f"/compute/v2.1/servers/{self.server_id}/action"
        order = {"os-getConsoleOutput": {"length": lines}}
        return str(self.visitor.ask("POST", path, order, status=200).json()["output"])

    def goes_on(self, volume_id: str) -> None:
        """The guest writes, now."""
        before = self.kept(volume_id)
        until(lambda: self.kept(volume_id) > before + 2, seconds=60, what="the guest writes")

    # --- what is asked for

    def a_volume(self, **more: Any) -> str:
        body = {"volume": {"size": 1, **more}}
        made = self.visitor.ask("POST", f"{V3}/volumes", body, status=202).json()["volume"]
        until(lambda: self.status(made["id"]) == "available", seconds=60, what="a volume")
        return str(made["id"])

    def attach(self, volume_id: str) -> None:
        path = f"/compute/v2.1/servers/{self.server_id}/os-volume_attachments"
        self.visitor.ask("POST", path, {"volumeAttachment": {"volumeId": volume_id}}, status=200)

    def detach(self, volume_id: str) -> None:
        path = f"/compute/v2.1/servers/{self.server_id}/os-volume_attachments/{volume_id}"
        self.visitor.ask("DELETE", path, status=202)

    def delete(self, kind: str, thing_id: str) -> None:
        path = f"{V3}/{kind}/{thing_id}"
        self.visitor.ask("DELETE", path, status=202)
        gone = until(
            lambda: self.visitor.ask("GET", path).status_code == 404,
            seconds=60,
            what=f"{path} is gone",
        )
        assert gone

    # --- the kill

    def killed(self, ask: Callable[[], None], place: str, nth: int = 1) -> bool:
        """Whether Unkai died at the place before the work was done; it is up again, and at rest."""
        self.order.symlink_to(json.dumps({"place": place, "nth": nth}))
        try:
            with suppress(httpx.TransportError):
                ask()
            died = until(self._over, seconds=120, what="an end") == "died"
        finally:
            self.order.unlink()
        if died:
            self.disturbed.up()
        self.rest()
        return died

    def _over(self) -> str:
        if not runs(self.disturbed.cloud.pid):
            return "died"
        with suppress(httpx.TransportError):
            return "" if self.busy() else "done"
        return ""

    # --- the proof

    def holds(self, kind: str, thing_id: str, least: int) -> None:
        """Its blocks are the guest's, without a gap, and at least as many as it was promised."""
        folder = self.disturbed.cloud.state_dir / "volumes"
        pointer = json.loads((folder / kind / f"{thing_id}.json").read_text())
        layers: list[Layer] = []
        name = pointer["layer"]
        while name is not None:
            info = json.loads((folder / "layers" / f"{name}.json").read_text())
            layers.append(Layer(path=str(folder / "layers" / name), format=info["format"]))
            name = info.get("below")
        raw = self.order.with_name("contents")
        words = ["qemu-img", "convert", "-q", "-O", "raw", opened(tuple(layers)), str(raw)]
        subprocess.run(words, check=True)
        try:
            check_blocks(raw, self.volume_id[:20], least)
        finally:
            raw.unlink()


def check_blocks(raw: Path, serial: str, least: int) -> None:
    with raw.open("rb") as file:
        number = 0
        while (block := file.read(BLOCK)).strip(b"\0"):
            assert block == f"block {number} of {serial}".ljust(BLOCK - 1).encode() + b"\n"
            number += 1
        assert number >= least
        behind = file.read(64 << 20)
    assert behind.strip(b"\0") == b"", "something is behind the last block"


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    if os.geteuid() != 0:
        pytest.skip("a real cloud needs root")
    folder = tmp_path_factory.mktemp("volume-bad-days")
    order = folder / "order"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KILL_SWITCH", str(order))
        patch.setenv("PYTHONPATH", str(CHECKOUT / "tests" / "e2e" / "kill_switch"))
        with running_cloud(folder / "cloud", fake=False) as cloud:
            made = Scene(Disturbed(cloud), order, Visitor(cloud), Visitor(cloud, "unkai"))
            script = base64.b64encode(WRITE.encode()).decode()
            made.server_id = made.visitor.boot("writer", user_data=script)
            made.volume_id = made.a_volume(name="written")
            made.visitor.says(made.server_id, "login:")
            made.attach(made.volume_id)
            made.goes_on(made.volume_id)
            yield made
            made.visitor.delete(made.server_id)
            made.visitor.gone(made.server_id)
            made.visitor.close()
            made.admin.close()


# --- the verbs: each asks once, and looks afterwards whether all is well


class Verb:
    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.name = f"late-{next(scene.names)}"

    def prepare(self) -> None:
        """What it needs."""

    def ask(self) -> None:
        raise NotImplementedError

    def look(self, promised: int) -> None:
        """promised: blocks that the guest knew of when it was asked."""
        raise NotImplementedError


class Attach(Verb):
    def prepare(self) -> None:
        self.other = self.scene.a_volume(name=self.name)

    def ask(self) -> None:
        self.scene.attach(self.other)

    def look(self, promised: int) -> None:
        if self.scene.status(self.other) == "in-use":
            self.scene.goes_on(self.other)
            self.scene.detach(self.other)
            self.scene.rest()
        assert self.scene.status(self.other) == "available"
        self.scene.delete("volumes", self.other)


class Detach(Verb):
    """The guest writes to it until the very moment."""

    def prepare(self) -> None:
        self.other = self.scene.a_volume(name=self.name)
        self.scene.attach(self.other)
        self.scene.goes_on(self.other)

    def ask(self) -> None:
        self.scene.detach(self.other)

    def look(self, promised: int) -> None:
        if self.scene.status(self.other) == "in-use":
            self.scene.goes_on(self.other)
            self.scene.detach(self.other)
            self.scene.rest()
        assert self.scene.status(self.other) == "available"
        kept = self.scene.kept(self.other)
        mine, self.scene.volume_id = self.scene.volume_id, self.other
        try:
            self.scene.holds("volumes", self.other, kept)
        finally:
            self.scene.volume_id = mine
        self.scene.delete("volumes", self.other)


class Extend(Verb):
    def prepare(self) -> None:
        self.size = self.scene.volume(self.scene.volume_id)["size"] + 1

    def ask(self) -> None:
        path = f"{V3}/volumes/{self.scene.volume_id}/action"
        body = {"os-extend": {"new_size": self.size}}
        self.scene.visitor.ask("POST", path, body, headers=NEWEST, status=202)

    def look(self, promised: int) -> None:
        shown = self.scene.volume(self.scene.volume_id)
        assert (shown["status"], shown["size"]) == ("in-use", self.size)
        wanted = f"{self.scene.volume_id[:20]}={self.size << 21}"
        self.scene.visitor.says(self.scene.server_id, wanted)


class Snapshot(Verb):
    kind = "snapshots"

    def ask(self) -> None:
        body = {"volume_id": self.scene.volume_id, "name": self.name, "force": True}
        self.scene.visitor.ask("POST", f"{V3}/snapshots", {"snapshot": body}, status=202)

    def look(self, promised: int) -> None:
        made = self.scene.named(self.kind, self.name)
        if made is not None:
            assert made["status"] == "available"
            self.scene.holds(self.kind, made["id"], promised)
            self.scene.delete(self.kind, made["id"])


class Clone(Snapshot):
    kind = "volumes"

    def ask(self) -> None:
        size = self.scene.volume(self.scene.volume_id)["size"]
        body = {"source_volid": self.scene.volume_id, "name": self.name, "size": size}
        self.scene.visitor.ask("POST", f"{V3}/volumes", {"volume": body}, status=202)


class Backup(Verb):
    def ask(self) -> None:
        body = {"volume_id": self.scene.volume_id, "name": self.name, "force": True}
        self.scene.visitor.ask("POST", f"{V3}/backups", {"backup": body}, status=202)

    def look(self, promised: int) -> None:
        made = self.scene.named("backups", self.name)
        if made is None:
            return
        assert made["status"] == "available"
        path = f"{V3}/backups/{made['id']}/restore"
        answer = self.scene.visitor.ask("POST", path, {"restore": {}}, status=202)
        restored = answer.json()["restore"]["volume_id"]
        self.scene.rest()
        self.scene.holds("volumes", restored, promised)
        self.scene.delete("volumes", restored)
        self.scene.delete("backups", made["id"])


class FromImage(Verb):
    def ask(self) -> None:
        image = self.scene.visitor.image_id()
        body = {"imageRef": image, "name": self.name, "size": 1}
        self.scene.visitor.ask("POST", f"{V3}/volumes", {"volume": body}, status=202)

    def look(self, promised: int) -> None:
        made = self.scene.named("volumes", self.name)
        if made is not None:
            assert (made["status"], made["bootable"]) == ("available", "true")
            self.scene.delete("volumes", made["id"])


VERBS: dict[str, type[Verb]] = {
    "attach": Attach,
    "detach": Detach,
    "extend": Extend,
    "snapshot": Snapshot,
    "clone": Clone,
    "back up": Backup,
    "of an image": FromImage,
}
OURS = r"/(volumes|backups|guests/machines)/"


def dies(scene: Scene, verb: str, place: str, nth: int = 1) -> bool:
    """One kill and all that follows from it."""
    one = VERBS[verb](scene)
    one.prepare()
    scene.goes_on(scene.volume_id)
    promised = scene.kept(scene.volume_id)
    died = scene.killed(one.ask, place, nth)
    one.look(promised)
    scene.goes_on(scene.volume_id)
    assert scene.disturbed.leftovers() == []
    return died


@pytest.mark.parametrize(
    ("verb", "place"),
    [
        ("attach", r"rename .*machine\.json$"),
        ("extend", r"rename .*/layers/[^/]*\.json$"),
        ("snapshot", r"rename .*/volumes/volumes/[^/]*\.json$"),
        ("clone", r"rename .*machine\.json$"),
        ("detach", r"rename .*machine\.json$"),
    ],
)
def test_no_byte_is_lost_where_it_hurts_most(scene: Scene, verb: str, place: str) -> None:
    """QEMU has done it and nothing is written down yet, or the other way round."""
    assert dies(scene, verb, place)


@pytest.mark.soak
@pytest.mark.parametrize("verb", VERBS)
def test_no_byte_is_lost_wherever_it_dies(scene: Scene, verb: str) -> None:
    """Before the first change of a file, before the second, until the work outlives the order."""
    for nth in range(1, 60):
        if not dies(scene, verb, OURS, nth):
            assert nth > 1, "there was no place to die at"
            return
    raise AssertionError("it never came to its end")


def test_every_block_is_there_in_the_end(scene: Scene) -> None:
    """After the tests above, in this order."""
    scene.goes_on(scene.volume_id)
    scene.detach(scene.volume_id)
    scene.rest()
    scene.holds("volumes", scene.volume_id, scene.kept(scene.volume_id))
    scene.delete("volumes", scene.volume_id)

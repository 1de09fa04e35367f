"""A Ceph of one node on the loopback: a monitor and an OSD on a file, all of it in one folder.

No manager: nothing here needs one. `started` ends both daemons by their process ids.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

POOL, USER = "volumes", "unkai"
UP_S = 90.0
CONF = """
[global]
fsid = {fsid}
mon host = [v2:127.0.0.1:{port}]
mon initial members = a
public addr = 127.0.0.1
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
osd pool default size = 1
osd pool default min size = 1
mon allow pool size one = true
mon warn on pool no redundancy = false
osd crush chooseleaf type = 0
osd memory target = 939524096
osd objectstore = bluestore
bluestore block size = 8589934592
mon data = {folder}/mon
osd data = {folder}/osd
run dir = {folder}
admin socket = {folder}/$name.asok
log file =
osd class load list = *
[client]
admin socket =
"""


@dataclass(frozen=True)
class Ceph:
    """conf and keyring: of the client `USER`, who may use `POOL`."""

    folder: Path
    conf: Path
    keyring: Path

    def ask(self, *words: str, entered: bytes | None = None) -> str:
        admin = ("--conf", str(self.conf), "--keyring", str(self.folder / "admin.keyring"))
        given = ("ceph", "--connect-timeout", "20", *admin, *words)
        return _run(*given, entered=entered)

    @property
    def _user(self) -> tuple[str, ...]:
        return ("--conf", str(self.conf), "--keyring", str(self.keyring), "--id", USER)

    def images(self) -> list[str]:
        names: list[str] = json.loads(_run("rbd", *self._user, "ls", "--format", "json", POOL))
        return names

    def empty_pool(self) -> None:
        """Every image, the clones before what they stand on."""
        who = self._user
        for _ in range(20):
            if not self.images():
                break
            for name in self.images():
                for verb in ("snap", "purge"), ("rm",):
                    given = ("rbd", *who, *verb, "--no-progress", f"{POOL}/{name}")
                    subprocess.run(given, check=False, capture_output=True, timeout=60)
        subprocess.run(
            ("rados", *who, "-p", POOL, "rm", "unkai.index"), check=False, capture_output=True
        )


def missing() -> list[str]:
    """Programs that are not installed."""
    wanted = ("ceph-mon", "ceph-osd", "ceph", "rbd", "rados", "ceph-authtool", "monmaptool")
    return [name for name in wanted if shutil.which(name) is None]


@contextlib.contextmanager
def started(folder: Path) -> Generator[Ceph]:
    ceph = Ceph(folder, folder / "ceph.conf", folder / "client.keyring")
    daemons: list[subprocess.Popen[bytes]] = []
    try:
        fsid = _make_monitor(ceph)
        daemons.append(_spawn(ceph, "ceph-mon", "-i", "a"))
        _until(lambda: fsid in ceph.ask("fsid"), "the monitor answers")
        _make_osd(ceph)
        daemons.append(_spawn(ceph, "ceph-osd", "-i", "0"))
        _until(lambda: json.loads(ceph.ask("osd", "stat", "-f", "json"))["num_up_osds"], "the OSD")
        ceph.ask("osd", "pool", "create", POOL, "8", "8", "replicated")
        ceph.ask("osd", "pool", "application", "enable", POOL, "rbd")
        caps = ("mon", "profile rbd", "osd", f"profile rbd pool={POOL}")
        ceph.ask("auth", "get-or-create", f"client.{USER}", *caps, "-o", str(ceph.keyring))
        yield ceph
    finally:
        for daemon in daemons:
            daemon.kill()
            daemon.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _make_monitor(ceph: Ceph) -> str:
    fsid, folder = str(uuid.uuid4()), ceph.folder
    port = _free_port()
    ceph.conf.write_text(CONF.format(fsid=fsid, port=port, folder=folder))
    mon, admin = str(folder / "mon.keyring"), str(folder / "admin.keyring")
    _run("ceph-authtool", "-C", mon, "--gen-key", "-n", "mon.", "--cap", "mon", "allow *")
    caps = ("--cap", "mon", "allow *", "--cap", "osd", "allow *")
    _run("ceph-authtool", "-C", admin, "--gen-key", "-n", "client.admin", *caps)
    _run("ceph-authtool", mon, "--import-keyring", admin)
    monmap = str(folder / "monmap")
    address = f"[v2:127.0.0.1:{port}]"
    _run("monmaptool", "--create", "--addv", "a", address, "--fsid", fsid, monmap)
    (folder / "mon").mkdir()
    conf = ("--conf", str(ceph.conf))
    _run("ceph-mon", *conf, "--mkfs", "-i", "a", "--monmap", monmap, "--keyring", mon)
    return fsid


def _make_osd(ceph: Ceph) -> None:
    osd, osd_uuid = ceph.folder / "osd", str(uuid.uuid4())
    osd.mkdir()
    key = _run("ceph-authtool", "--gen-print-key").strip()
    secret = json.dumps({"cephx_secret": key}).encode()
    assert ceph.ask("osd", "new", osd_uuid, "-i", "-", entered=secret).strip() == "0"
    (osd / "keyring").write_text(f"[osd.0]\n\tkey = {key}\n")
    conf = ("--conf", str(ceph.conf))
    _run("ceph-osd", *conf, "-i", "0", "--mkfs", "--osd-uuid", osd_uuid)


def _spawn(ceph: Ceph, *words: str) -> subprocess.Popen[bytes]:
    with (ceph.folder / f"{words[0]}.log").open("wb") as log:
        given = (*words, "--conf", str(ceph.conf), "-f")
        return subprocess.Popen(given, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def _run(*words: str, entered: bytes | None = None) -> str:
    done = subprocess.run(words, check=False, capture_output=True, input=entered, timeout=60)
    assert done.returncode == 0, f"{words}: {done.stderr.decode()}"
    return done.stdout.decode()


def _until(look: object, what: str) -> None:
    assert callable(look)
    deadline, why = time.monotonic() + UP_S, ""
    while time.monotonic() < deadline:
        try:
            if look():
                return
        except AssertionError as error:
            why = str(error)
        time.sleep(0.2)
    raise AssertionError(f"not within {UP_S:.0f} s: {what}. {why}")


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])

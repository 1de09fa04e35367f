"""What a machine leaves on disk: a folder per server, readable after any crash.

    machines/<server_id>/   root's, mode 0711: the guest's user may enter but make nothing in it
        machine.json        what `prepare` was given, the guest's user, the number of its disk
        epoch               the highest epoch seen
        process.json        present while a process should be there: gone process = crash
        root-N.qcow2 config.iso console.log variables.fd     opened by QEMU
        sockets/            the only folder the guest's user may write: serial, vnc, agent
        monitor qemu.err    QMP socket, QEMU's last words
    removed/<server_id>     the epoch of a removed server, kept for a week

Each file is replaced in one step, so a crash leaves the old or the new. A folder without
machine.json is what an interrupted `prepare` or `remove` left.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import msgspec
from msgspec import Struct

from unkai.hypervisor.model import Machine
from unkai.hypervisor.qemu import command
from unkai.hypervisor.qemu.process import Identity
from unkai.kit.errors import BadRequest

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_REMEMBER_S = 7 * 24 * 3600


class Prepared(Struct, frozen=True, kw_only=True):
    """machine.json. The config drive's bytes are in config.iso; here they are b"" when there."""

    machine: Machine
    uid: int | None
    disk: int


class Folder:
    """One server's folder; every method is a short piece of disk work."""

    def __init__(self, machines: Path, server_id: str) -> None:
        if not _UUID.fullmatch(server_id):
            raise BadRequest(f"{server_id!r} is not the id of a server.", code="bad-server-id")
        self.server_id = server_id
        self.path = machines / server_id
        self._tombstone = machines.parent / "removed" / server_id

    @property
    def console(self) -> Path:
        return self.path / command.CONSOLE_LOG

    @property
    def errors(self) -> Path:
        return self.path / "qemu.err"

    def disk(self, number: int) -> Path:
        return self.path / f"root-{number}.qcow2"

    def other_disks(self, number: int) -> list[Path]:
        own = self.disk(number)
        return [path for path in sorted(self.path.glob("root-*.qcow2")) if path != own]

    def drop_other_disks(self, number: int) -> None:
        for path in self.other_disks(number):
            path.unlink()

    def exists(self) -> bool:
        return self.path.is_dir()

    def epoch(self) -> int:
        for path in (self.path / "epoch", self._tombstone):
            if path.exists():
                return int(path.read_text())
        return 0

    def remember_epoch(self, epoch: int) -> None:
        place = self.path / "epoch" if self.exists() else self._tombstone
        write_atomically(place, str(epoch).encode(), durable=True)

    def prepared(self) -> Prepared | None:
        try:
            return msgspec.json.decode((self.path / "machine.json").read_bytes(), type=Prepared)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def make(self, uid: int | None) -> None:
        sockets = self.path / "sockets"
        self.path.mkdir(exist_ok=True)
        self.path.chmod(0o711)
        sockets.mkdir(mode=0o700, exist_ok=True)
        if uid is not None:
            os.chown(sockets, uid, uid)
        self.remember_epoch(self.epoch())
        self._tombstone.unlink(missing_ok=True)

    def write_config_drive(self, iso: bytes | None, uid: int | None) -> None:
        place = self.path / command.CONFIG_DRIVE
        if iso is None:
            place.unlink(missing_ok=True)
        else:
            write_atomically(place, iso, uid=uid)

    def write_prepared(self, prepared: Prepared) -> None:
        machine = prepared.machine
        if machine.config_drive is not None:
            machine = msgspec.structs.replace(machine, config_drive=b"")
        data = msgspec.json.encode(msgspec.structs.replace(prepared, machine=machine))
        write_atomically(self.path / "machine.json", data, durable=True)

    def process(self) -> Identity | None:
        try:
            return msgspec.json.decode((self.path / "process.json").read_bytes(), type=Identity)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def write_process(self, identity: Identity) -> None:
        write_atomically(self.path / "process.json", msgspec.json.encode(identity))

    def forget_process(self) -> None:
        (self.path / "process.json").unlink(missing_ok=True)

    def last_words(self) -> str:
        """The last lines QEMU wrote, or ""."""
        try:
            said = self.errors.read_bytes()[-2000:].decode(errors="replace")
        except FileNotFoundError:
            return ""
        return " ".join(line.strip() for line in said.splitlines()[-3:])

    def remove(self, epoch: int) -> None:
        """machine.json goes first: what an interruption leaves is known to be a leftover."""
        if epoch:
            write_atomically(self._tombstone, str(epoch).encode(), durable=True)
        (self.path / "machine.json").unlink(missing_ok=True)
        if self.exists():
            shutil.rmtree(self.path)


def all_folders(machines: Path) -> list[Folder]:
    names = sorted(entry.name for entry in machines.iterdir())
    return [Folder(machines, name) for name in names if _UUID.fullmatch(name)]


def strange_entries(machines: Path) -> list[Path]:
    """What lies beside the folders and is none."""
    return [path for path in sorted(machines.iterdir()) if not _UUID.fullmatch(path.name)]


def make_root(root: Path, now: float) -> Path:
    """The agent's folders, with old tombstones dropped; returns the one of the machines."""
    machines, removed = root / "machines", root / "removed"
    for path in (root, machines, removed):
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o711)
    for tombstone in removed.iterdir():
        if tombstone.stat().st_mtime < now - _REMEMBER_S:
            tombstone.unlink()
    return machines


def write_atomically(
    path: Path, data: bytes, *, durable: bool = False, uid: int | None = None
) -> None:
    """Replace the file in one step, readable for root and, if given, the user; OSError."""
    fresh = path.with_name(f".{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            if uid is not None:
                os.fchown(descriptor, uid, uid)
            if durable:
                os.fsync(descriptor)
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise

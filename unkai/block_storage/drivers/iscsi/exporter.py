"""Volumes served by iSCSI: per export a storage daemon of QEMU's and a tgtd of its own.

QEMU's daemon shows the volume's layers as one raw file, tgtd serves that file in the namespace of
the export's portal. One pair of processes per export: who loses the right to a volume loses the
process that served it, with every session and secret in it, and nothing else is touched.

Which layers the volume has is written down before the daemon is told of a new one: what is started
again after any crash writes into the layer that was written to last, never into a frozen one.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from unkai.block_storage.connection import Connection, Layer
from unkai.block_storage.drivers.base import Guest
from unkai.block_storage.drivers.exports import BROKEN, Served, away
from unkai.block_storage.drivers.iscsi import processes, storage
from unkai.block_storage.drivers.iscsi.processes import STORAGE, TARGET
from unkai.block_storage.drivers.iscsi.target import CONTROL, Target
from unkai.block_storage.model import Export
from unkai.kit import netns
from unkai.kit.clock import Clock
from unkai.kit.errors import Failed, Fault, Unavailable

_READY_S, _LOOK_S = 10.0, 0.02


class Opened(Struct, frozen=True, kw_only=True):
    """How an export has its volume open.

    key: the export's, so that nobody takes over what an earlier one left. unit_size: what
    initiators see, which never grows while one of them is logged in.
    """

    key: str
    layers: tuple[Layer, ...]
    size: int
    unit_size: int
    network_id: str
    read_only: bool


class IscsiExporter:
    """folder: run files, gone with a reboot. written: where layers are written down.

    namespace_of: the network namespace of a portal, by its network. died: told when a process of an
    export has ended; must not block.
    """

    def __init__(
        self,
        folder: Path,
        written: Path,
        *,
        namespace_of: Callable[[str], str],
        clock: Clock,
        died: Callable[[], None] = lambda: None,
    ) -> None:
        self._folder = folder
        self._written = written
        self._namespace_of = namespace_of
        self._clock = clock
        self.died = died
        self._locks: dict[str, asyncio.Lock] = {}
        self._watched: dict[int, int] = {}

    async def open(self, export: Export, connection: Connection) -> None:
        async with self._alone(export.volume_id) as folder:
            namespace = self._namespace_of(export.network_id)
            if not await asyncio.to_thread(netns.exists, namespace):
                raise Unavailable(
                    f"The portal of volume {export.volume_id} is not there yet.",
                    code="portal-away",
                )
            known = self._read(export.volume_id)
            if known is not None and known.key != export.username:
                known = None
            if known is not None and self._runs(folder, namespace):
                await self._renew_unit(export, folder, known)
            else:
                await self._end(folder)
                await self._begin(export, known or _as_opened(export, connection), folder)
            self._watch(folder)

    async def close(self, volume_id: str) -> None:
        async with self._alone(volume_id) as folder:
            await self._end(folder)
            self._file(volume_id).unlink(missing_ok=True)
        self._locks.pop(volume_id, None)

    async def present(self) -> Mapping[str, Served]:
        found = await asyncio.to_thread(self._look)
        served: dict[str, Served] = {}
        for volume_id, whole in found.items():
            served[volume_id] = await self._served(self._folder / volume_id) if whole else BROKEN
        return served

    async def _served(self, folder: Path) -> Served:
        self._watch(folder)
        try:
            return Served(True, await Target(folder / TARGET).sessions())
        except Failed:
            return BROKEN

    def guest(self, volume_id: str) -> Guest:
        return _Guest(self, volume_id)

    async def switch(self, volume_id: str, layers: tuple[Layer, ...]) -> None:
        async with self._alone(volume_id) as folder:
            known = self._running(volume_id, folder)
            self._write(volume_id, msgspec.structs.replace(known, layers=layers))
            await storage.switch(folder, layers)

    async def grow(self, volume_id: str, size: int) -> None:
        """Initiators see it when they log in next."""
        async with self._alone(volume_id) as folder:
            known = self._running(volume_id, folder)
            if size > known.size:
                self._write(volume_id, msgspec.structs.replace(known, size=size))
            await storage.grow(folder, size)

    async def stop(self) -> None:
        """End all of them; what is written down stays, for the next start to serve again."""
        for name, pids in (await asyncio.to_thread(processes.of_folder, self._folder)).items():
            await self._end(self._folder / name, pids)
        shutil.rmtree(self._folder, ignore_errors=True)

    # --- within

    @asynccontextmanager
    async def _alone(self, volume_id: str) -> AsyncGenerator[Path]:
        async with self._locks.setdefault(volume_id, asyncio.Lock()):
            yield self._folder / volume_id

    def _running(self, volume_id: str, folder: Path) -> Opened:
        """Unavailable where it is not served now."""
        known = self._read(volume_id)
        if known is None or processes.pid_of(folder, STORAGE) is None:
            raise away(volume_id)
        return known

    def _runs(self, folder: Path, namespace: str | None) -> bool:
        pids = [processes.pid_of(folder, name) for name in (STORAGE, TARGET)]
        return all(
            pid is not None and (namespace is None or processes.lives_in(pid, namespace))
            for pid in pids
        )

    async def _begin(self, export: Export, known: Opened, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        disk = folder / "disk"
        disk.touch(mode=0o600)
        opened = msgspec.structs.replace(known, unit_size=known.size)
        self._write(export.volume_id, opened)
        daemon = storage.command(known.layers, folder, disk, read_only=known.read_only)
        target = processes.target_command(folder, export.port)
        namespace = self._namespace_of(export.network_id)
        try:
            await netns.run(namespace, lambda: processes.start(folder, daemon, target))
            await self._ready(folder)
            if not known.read_only:
                await storage.grow(folder, known.size)
            await Target(folder / TARGET).make(export, str(disk))
        except (Fault, OSError) as error:
            await self._end(folder)
            if isinstance(error, Fault):
                raise
            raise Failed(f"The volume could not be served: {error}.", code="export-failed") from (
                error
            )

    async def _ready(self, folder: Path) -> None:
        """Until tgtd listens to us."""
        deadline = self._clock.monotonic() + _READY_S
        while not (folder / f"{TARGET}.{CONTROL}").exists() or not self._runs(folder, None):
            if self._clock.monotonic() > deadline:
                said = (folder / "log").read_text(errors="replace").strip()[-300:]
                raise Failed(f"tgtd did not start: {said}", code="export-failed")
            await self._clock.sleep(_LOOK_S)

    async def _renew_unit(self, export: Export, folder: Path, known: Opened) -> None:
        """A volume that has grown is seen so by who logs in next."""
        target = Target(folder / TARGET)
        if known.unit_size == known.size or await target.sessions():
            return
        await target.remove_unit()
        await target.add_unit(export, str(folder / "disk"))
        self._write(export.volume_id, msgspec.structs.replace(known, unit_size=known.size))

    async def _end(self, folder: Path, others: list[int] | None = None) -> None:
        """The target at once, with its sessions; the storage daemon writes back what it holds."""
        if others is None:
            ours = await asyncio.to_thread(processes.of_folder, self._folder)
            others = ours.get(folder.name, [])
        first = processes.pid_of(folder, TARGET)
        if first is not None:
            await processes.end(first, gently=False)
        for pid in others:
            if pid != first:
                await processes.end(pid, gently=True)
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    def _look(self) -> dict[str, bool]:
        """Whole or not, of all that has a process, a folder or something written down."""
        ours = processes.of_folder(self._folder)
        found = dict.fromkeys(ours, False)
        for place in (self._folder, self._written):
            with contextlib.suppress(FileNotFoundError):
                found |= {path.stem: False for path in place.iterdir()}
        for volume_id in found:
            known = self._read(volume_id)
            if known is not None:
                namespace = self._namespace_of(known.network_id)
                found[volume_id] = self._runs(self._folder / volume_id, namespace)
        return found

    # --- what is written down

    def _file(self, volume_id: str) -> Path:
        return self._written / f"{volume_id}.json"

    def _read(self, volume_id: str) -> Opened | None:
        try:
            return msgspec.json.decode(self._file(volume_id).read_bytes(), type=Opened)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def _write(self, volume_id: str, opened: Opened) -> None:
        self._written.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = self._written / f"{volume_id}.new"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(opened))
            file.flush()
            os.fsync(descriptor)
        fresh.replace(self._file(volume_id))

    # --- deaths

    def _watch(self, folder: Path) -> None:
        """Hear of the end of its processes, which are nobody's children."""
        loop = asyncio.get_running_loop()
        for name in (STORAGE, TARGET):
            pid = processes.pid_of(folder, name)
            if pid is None or pid in self._watched:
                continue
            with contextlib.suppress(ProcessLookupError):
                self._watched[pid] = os.pidfd_open(pid)
                loop.add_reader(self._watched[pid], self._ended, pid)

    def _ended(self, pid: int) -> None:
        self._unwatch(pid)
        self.died()

    def _unwatch(self, pid: int) -> None:
        descriptor = self._watched.pop(pid)
        asyncio.get_running_loop().remove_reader(descriptor)
        os.close(descriptor)

    def close_watches(self) -> None:
        """Look no more; the exports stay."""
        for pid in list(self._watched):
            self._unwatch(pid)


class _Guest:
    def __init__(self, exporter: IscsiExporter, volume_id: str) -> None:
        self._exporter = exporter
        self._volume_id = volume_id

    async def switch(self, connection: Connection) -> None:
        await self._exporter.switch(self._volume_id, connection.layers)

    async def grow(self, connection: Connection) -> None:
        await self._exporter.grow(self._volume_id, connection.size_bytes)


def _as_opened(export: Export, connection: Connection) -> Opened:
    if connection.driver != "file" or not connection.layers:
        raise Failed(
            f"Volume {connection.volume_id} is reached by {connection.driver}, which cannot be"
            " served by iSCSI.",
            code="volume-not-exportable",
        )
    return Opened(
        key=export.username,
        layers=connection.layers,
        size=connection.size_bytes,
        unit_size=connection.size_bytes,
        network_id=export.network_id,
        read_only=export.read_only,
    )

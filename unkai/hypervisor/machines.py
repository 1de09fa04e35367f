"""The machines of this host as they are: which process belongs to which folder, and what changes.

A process is written down (process.json) as long as it should be there. So a machine is running
while we hold a `Guest` of it, crashed when a process is written down but gone, stopped else; and
the same is true after a restart of Unkai or of the host.
"""

from __future__ import annotations

import asyncio
import shutil
import weakref
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from unkai.hypervisor import refusals
from unkai.hypervisor.changes import Changes
from unkai.hypervisor.disks import disk_words
from unkai.hypervisor.folder import Folder, Prepared, all_folders, strange_entries
from unkai.hypervisor.model import Leftover, LeftoverKind, MachineStatus, PowerState
from unkai.hypervisor.qemu import process
from unkai.hypervisor.qemu.guest import Guest
from unkai.hypervisor.qemu.process import Identity
from unkai.hypervisor.threads import in_thread
from unkai.kit.clock import Clock
from unkai.kit.errors import Failed

_LIVE = (PowerState.RUNNING, PowerState.PAUSED)
_DYING_S = 2.0
_ROOM_BYTES = 64 << 20
"""So much must be free before guests that a full disk stopped go on, or they stop again at once."""


class Machines:
    """mark: how the names of this agent's processes begin."""

    def __init__(self, folder: Path, mark: str, clock: Clock) -> None:
        self.changes = Changes()
        self.guests: dict[str, Guest] = {}
        self._folder = folder
        self._mark = mark
        self._clock = clock
        self._reasons: dict[str, str] = {}
        self._locks: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()
        self._chores: set[asyncio.Task[None]] = set()

    async def adopt_all(self) -> None:
        marked = await in_thread(process.marked, self._mark)
        await asyncio.gather(*(self._adopt(folder, marked) for folder in self.folders()))

    async def close(self) -> None:
        for chore in self._chores:
            chore.cancel()
        await asyncio.gather(*self._chores, return_exceptions=True)
        for guest in self.guests.values():
            await guest.let_go()
        self.guests.clear()

    def folder(self, server_id: str) -> Folder:
        return Folder(self._folder, server_id)

    def folders(self) -> list[Folder]:
        return all_folders(self._folder)

    @asynccontextmanager
    async def owned(self, server_id: str, epoch: int | None = None) -> AsyncGenerator[Folder]:
        """The server's lock and, with an epoch, its fence; a full disk in clear words."""
        async with self._locked(server_id) as folder:
            with disk_words(f"the folder of server {server_id}"):
                if epoch is not None:
                    await _fence(folder, epoch)
                yield folder

    def known(self, folder: Folder) -> Prepared:
        prepared = folder.prepared()
        if prepared is None:
            raise refusals.unknown_server(folder.server_id)
        return prepared

    def live(self, folder: Folder) -> Guest:
        guest = self.guests.get(folder.server_id)
        if guest is None or guest.state not in _LIVE:
            self.known(folder)
            raise refusals.not_running(folder.server_id)
        return guest

    def status(self, folder: Folder) -> MachineStatus:
        server_id = folder.server_id
        guest, reason, pid = self.guests.get(server_id), self._reasons.get(server_id, ""), None
        if guest is not None:
            state, reason, pid = guest.state, guest.reason, guest.identity.pid
        elif folder.prepared() is None:
            state, reason = PowerState.MISSING, ""
        elif (ended := folder.process()) is not None:
            state = PowerState.CRASHED
            reason = reason or _unseen_end(folder, ended)
        else:
            state = PowerState.STOPPED
        return MachineStatus(
            server_id=server_id, power_state=state, pid=pid, epoch=folder.epoch(), reason=reason
        )

    def present(self) -> list[MachineStatus]:
        return [self.status(folder) for folder in self.folders() if folder.prepared() is not None]

    def volumes(self) -> dict[str, tuple[str, ...]]:
        """Of each machine that has any."""
        found = {folder.server_id: folder.prepared() for folder in self.folders()}
        return {
            server_id: tuple(disk.volume_id for disk in prepared.machine.volumes)
            for server_id, prepared in found.items()
            if prepared is not None and prepared.machine.volumes
        }

    async def leftovers(self, ports: dict[str, str], taps: list[str]) -> list[Leftover]:
        """`ports` and `taps` are what the plugger found: plugged, and bare."""
        marked = await in_thread(process.marked, self._mark)
        known: dict[str, Prepared] = {}
        left = [_left("file", "", path) for path in strange_entries(self._folder)]
        for folder in self.folders():
            prepared = folder.prepared()
            if prepared is None:
                left.append(_left("folder", folder.server_id, folder.path))
                continue
            known[folder.server_id] = prepared
            others = folder.other_disks(prepared.disk)
            left += [_left("file", folder.server_id, path) for path in others]
        for server_id, found in marked.items():
            guest = self.guests.get(server_id)
            if server_id not in known or (guest is not None and guest.identity != found):
                left.append(_left("process", server_id, found.pid))
        owners = {nic.port_id: owner for owner, one in known.items() for nic in one.machine.nics}
        for port_id, server_id in ports.items():
            if owners.get(port_id) != server_id:
                left.append(_left("port", server_id, port_id))
        for tap in taps:
            start = tap.removeprefix("tap")
            owner = next((owners[port_id] for port_id in owners if port_id.startswith(start)), "")
            left.append(_left("tap", owner, tap))
        return left

    async def begin(self, folder: Folder, spawn: Callable[[], Awaitable[Identity]]) -> Guest:
        """Have the process that `spawn` starts; if it does not answer, none, and its last words."""
        spawning = asyncio.ensure_future(spawn())
        try:
            identity = await asyncio.shield(spawning)
        except asyncio.CancelledError:
            await asyncio.wait({spawning})
            await self._adopt(folder, {})
            await self.end(folder)
            raise
        guest = Guest(folder.server_id, identity, folder.path, self._clock)
        guest.state, guest.reason = PowerState.PAUSED, ""
        self.guests[folder.server_id] = guest
        self._reasons.pop(folder.server_id, None)
        try:
            await guest.connect(self._changed, self._gone)
        except BaseException as error:
            how = await self.end(folder)
            if isinstance(error, Failed):
                raise _did_not_start(how, folder.last_words()) from error
            raise
        return guest

    async def settle(self, folder: Folder) -> bool:
        """Whether it has a process worth keeping; one whose guest is over is ended."""
        guest = self.guests.get(folder.server_id)
        if guest is not None and guest.state not in _LIVE:
            await self.end(folder)
            return False
        return guest is not None

    async def end(self, folder: Folder, reason: str = "") -> str:
        """Have no process, meant so; says how it ended."""
        how = ""
        guest = self.guests.get(folder.server_id)
        if guest is not None:
            how = await guest.quit()
            self.guests.pop(folder.server_id, None)
        if guest is not None or folder.process() is not None:
            folder.forget_process()
            self._reasons[folder.server_id] = reason
            self.tell(folder)
        return how

    async def go_on(self) -> None:
        """Resume the guests that a full disk stopped, once there is room again."""
        waiting = [server_id for server_id, guest in self.guests.items() if guest.wants_room]
        if not waiting or shutil.disk_usage(self._folder).free < _ROOM_BYTES:
            return
        for server_id in waiting:
            async with self._locked(server_id):
                guest = self.guests.get(server_id)
                if guest is not None and guest.wants_room:
                    with suppress(Failed):  # it went away, or does not answer: the next look sees
                        await guest.resume()

    async def end_stray(self, folder: Folder) -> None:
        """End a process with our mark that no machine owns."""
        stray = (await in_thread(process.marked, self._mark)).get(folder.server_id)
        if stray is not None:
            await Guest(folder.server_id, stray, folder.path, self._clock).quit()

    def tell(self, folder: Folder) -> None:
        self.changes.tell(self.status(folder))

    async def _adopt(self, folder: Folder, marked: dict[str, Identity]) -> None:
        """A process that nobody wrote down yet counts as well: a start may have been cut short."""
        identity = folder.process()
        if identity is None or not process.alive(identity):
            identity = marked.get(folder.server_id)
        if identity is None or folder.prepared() is None:
            return
        folder.write_process(identity)
        guest = Guest(folder.server_id, identity, folder.path, self._clock)
        guest.had_its_turn = True
        self.guests[folder.server_id] = guest
        with suppress(Failed):  # it stays, running and silent; stop will kill it
            await guest.connect(self._changed, self._gone)

    def _changed(self, guest: Guest) -> None:
        if self.guests.get(guest.server_id) is not guest:
            return
        if guest.state in _LIVE:
            self.tell(self.folder(guest.server_id))
        else:
            self._do(self._finish(guest))

    def _gone(self, guest: Guest) -> None:
        if self.guests.get(guest.server_id) is guest:
            self._do(self._bury(guest))

    async def _finish(self, guest: Guest) -> None:
        """The guest is over, its process is not yet."""
        async with self._locked(guest.server_id) as folder:
            if self.guests.get(guest.server_id) is not guest:
                return
            if guest.state == PowerState.STOPPED:
                await self.end(folder, guest.reason)
            else:
                self.guests.pop(guest.server_id)
                await guest.quit()
                self._crashed(folder, guest.reason)

    async def _bury(self, guest: Guest) -> None:
        """The monitor broke, nearly always because the process ended; else it is taken up again."""
        async with self._locked(guest.server_id) as folder:
            if self.guests.get(guest.server_id) is not guest:
                return
            if not await process.ended(guest.identity, _DYING_S):
                await guest.let_go()
                await self._adopt(folder, {})
                return
            self.guests.pop(guest.server_id)
            self._crashed(folder, f"{await guest.quit()} {folder.last_words()}".strip())

    def _crashed(self, folder: Folder, reason: str) -> None:
        self._reasons[folder.server_id] = reason
        self.tell(folder)

    @asynccontextmanager
    async def _locked(self, server_id: str) -> AsyncGenerator[Folder]:
        folder = self.folder(server_id)
        lock = self._locks.get(server_id)
        if lock is None:
            lock = self._locks[server_id] = asyncio.Lock()
        async with lock:
            yield folder

    def _do(self, chore: Awaitable[None]) -> None:
        task = asyncio.ensure_future(chore)
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)


async def _fence(folder: Folder, epoch: int) -> None:
    seen = folder.epoch()
    refusals.check_epoch(folder.server_id, epoch, seen)
    if epoch > seen and folder.exists():
        await in_thread(folder.remember_epoch, epoch)


def _left(kind: LeftoverKind, server_id: str, what: object) -> Leftover:
    return Leftover(kind=kind, server_id=server_id, detail=str(what))


def _unseen_end(folder: Folder, ended: Identity) -> str:
    if ended.boot_id != process.boot_id():
        return "The host was rebooted."
    return f"QEMU ended while nobody watched. {folder.last_words()}".strip()


def _did_not_start(how: str, words: str) -> Failed:
    remedy = "The server's host logs tell more; another start may work."
    if "memory" in words:
        remedy = "The host lacks memory: free some, or use a smaller flavor."
    elif "No space left" in words:
        remedy = "Free space in the state folder, or use another host."
    elif "KVM" in words or "kvm" in words:
        remedy = "Set the accelerator to tcg in the settings, or repair KVM on the host."
    return Failed(
        f"QEMU did not start. {how} It said: {words or 'nothing'}",
        code="qemu-failed",
        remedy=remedy,
    )

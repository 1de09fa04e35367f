"""A living QEMU: its process and its monitor, seen as a power state.

Events are only a hint to ask `query-status` again, so a lost or repeated event does no harm.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from unkai.hypervisor.model import PowerState
from unkai.hypervisor.qemu import process
from unkai.hypervisor.qemu.monitor import Monitor
from unkai.hypervisor.qemu.process import Identity
from unkai.kit.clock import Clock
from unkai.kit.errors import Failed

_QUIT_S = 5.0
_BUTTON_S = 5.0
_STATISTICS_S = 2.0
_SILENT = "QEMU does not answer its monitor."
_NO_ROOM = "io-error"
"""QEMU stops a guest for a write that found no room, and for no other; it is done again later."""
_STATES: dict[str, tuple[PowerState, str]] = {
    "running": (PowerState.RUNNING, ""),
    "suspended": (PowerState.RUNNING, "The guest sleeps."),
    "shutdown": (PowerState.STOPPED, "The guest shut itself down."),
    _NO_ROOM: (PowerState.PAUSED, "A disk cannot be written; is the host's disk full?"),
    "watchdog": (PowerState.PAUSED, "The guest's watchdog expired."),
    "internal-error": (PowerState.CRASHED, "QEMU cannot go on with the guest's processor."),
    "guest-panicked": (PowerState.CRASHED, "The guest's kernel panicked."),
}


class Guest:
    """`changed` is called when the power state is another, `gone` once when the process ended."""

    def __init__(self, server_id: str, identity: Identity, folder: Path, clock: Clock) -> None:
        self.server_id = server_id
        self.identity = identity
        self.state = PowerState.RUNNING
        self.reason = _SILENT
        self.had_its_turn = False
        self.wants_room = False
        self.off = asyncio.Event()
        self._folder = folder
        self._clock = clock
        self._monitor: Monitor | None = None
        self._asking: asyncio.Task[None] | None = None
        self._changed: Callable[[Guest], None] = lambda _: None

    async def connect(
        self, changed: Callable[[Guest], None], gone: Callable[[Guest], None]
    ) -> None:
        """Raises Failed("monitor-silent"); the guest stays usable for `quit`."""
        monitor = await Monitor.connect(self._folder, self.server_id)
        answer = await monitor.execute("query-uuid")
        if answer["UUID"] != self.server_id:
            await monitor.close()
            raise Failed(f"Process {self.identity.pid} runs another server.", code="wrong-process")
        self._monitor, self._changed = monitor, changed
        await self._ask()
        monitor.watch(self._ask_again, lambda: gone(self))

    async def resume(self) -> None:
        await self.execute("cont")
        await self._ask()

    async def pause(self) -> None:
        await self.execute("stop")
        await self._ask()

    async def reset(self) -> None:
        await self.execute("system_reset")

    async def block_statistics(self) -> list[dict[str, Any]]:
        """What QEMU counts of each disk, with its device; Failed where it does not answer soon."""
        if self._monitor is None:
            raise Failed(_SILENT, code="monitor-silent")
        return await self._monitor.execute("query-blockstats", limit_s=_STATISTICS_S)

    async def press_power_button(self, timeout_s: float) -> None:
        """Ask the guest to shut down, again and again since it may still boot; never raises."""
        deadline = self._clock.monotonic() + timeout_s
        with suppress(Failed):
            if self.state == PowerState.PAUSED:
                return
            while (left := deadline - self._clock.monotonic()) > 0:
                await self.execute("system_powerdown")
                with suppress(TimeoutError):
                    async with asyncio.timeout(min(left, _BUTTON_S)):
                        await self.off.wait()
                        return

    async def quit(self) -> str:
        """End the process; says how it ended."""
        patience_s = 0.0
        if self._monitor is not None:
            patience_s = _QUIT_S
            try:
                await self._monitor.execute("quit", limit_s=_QUIT_S)
            except Failed as error:
                if isinstance(error.__cause__, TimeoutError):
                    patience_s = 0.0  # it hangs; any other failure is it going away
        if not await process.ended(self.identity, patience_s):
            process.kill(self.identity)
            if not await process.ended(self.identity, _QUIT_S):
                raise Failed(
                    f"Process {self.identity.pid} of server {self.server_id} does not die.",
                    code="process-immortal",
                    remedy="The host's storage may hang; look at dmesg there.",
                )
        self.off.set()
        await self.let_go()
        return process.reap(self.identity.pid)

    async def pass_descriptor(self, fd: int, fd_set: int | None, opaque: str) -> int:
        """Give QEMU a descriptor, as one more of the set or as a new one; the set's number."""
        if self._monitor is None:
            raise Failed(_SILENT, code="monitor-silent", remedy="Stop the server and start it.")
        return await self._monitor.pass_descriptor(fd, fd_set, opaque)

    def device_news(self) -> asyncio.Event:
        """To be set when a device is gone, or stays, or the guest is over; taken before asking."""
        return asyncio.Event() if self._monitor is None else self._monitor.device_news

    async def let_go(self) -> None:
        """Close our end; the process goes on."""
        if self._asking is not None:
            self._asking.cancel()
        if self._monitor is not None:
            await self._monitor.close()
            self._monitor = None

    async def execute(self, command: str, **arguments: Any) -> Any:
        """Failed with QEMU's words ("qemu-refused"), or "monitor-silent"."""
        if self._monitor is None:
            raise Failed(_SILENT, code="monitor-silent", remedy="Stop the server and start it.")
        return await self._monitor.execute(command, **arguments)

    def _ask_again(self) -> None:
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask_quietly())

    async def _ask_quietly(self) -> None:
        with suppress(Failed):
            await self._ask()

    async def _ask(self) -> None:
        answer = await self.execute("query-status")
        before = (self.state, self.reason)
        self.wants_room = answer["status"] == _NO_ROOM
        self.state, self.reason = _STATES.get(answer["status"], (PowerState.PAUSED, ""))
        if self.state in (PowerState.STOPPED, PowerState.CRASHED):
            self.off.set()
        if before != (self.state, self.reason):
            self._changed(self)

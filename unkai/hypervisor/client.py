"""The door to a compute host: the only thing of this package, with `model`, that compute names.

Every verb may be repeated at any time and brings about a state ("let it run") instead of doing a
step ("run it now"), so that an operation resumed after a crash simply asks again. Every verb that
changes something takes the epoch of the operation that asks. The host keeps the highest epoch it
saw for a server, on disk and beyond `remove`, and refuses a lower one with
`Conflict(code="stale-epoch")`: an owner that lost its lease cannot undo what its successor did.
Epochs therefore have to grow over the whole life of a server, not only within one operation.

Rejected: callbacks for power changes (they get lost while Unkai restarts). `changes()` begins with
what is, so that whoever connects again has missed nothing that matters.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Collection, Mapping
from pathlib import Path
from typing import Literal, Protocol

from unkai.hypervisor.model import (
    Census,
    Disk,
    Host,
    ImageRef,
    Machine,
    MachineStatus,
    Metrics,
    Secrets,
    SwapState,
)
from unkai.kit.streams import ByteStream

ImageSource = Path | AsyncIterable[bytes]
ConsoleKind = Literal["vnc", "serial"]


class Hypervisor(Protocol):
    """The agent of one host. `Unavailable`: the host does not answer; nothing is known."""

    async def describe(self) -> Host: ...

    async def cache_image(self, image: ImageRef, source: ImageSource) -> None:
        """Have the image in the host's cache, read from a local file or a stream of bytes.

        Asked several times at once, it is fetched once. BadRequest("checksum-mismatch") when the
        bytes are not the image's, Failed("disk-full") when there is no room.
        """
        ...

    async def cached_images(self) -> list[ImageRef]: ...

    async def evict_images(self, image_ids: Collection[str]) -> list[str]:
        """Drop those of these cached images that are under no machine's disk; says which went."""
        ...

    async def prepare(self, machine: Machine, epoch: int) -> None:
        """Folder, root disk, config drive. On a prepared machine: take the new description.

        An existing root disk keeps its contents and may only grow. What differs takes effect at the
        next start. A volume that the machine has already keeps its layers: only `switch_disk`
        changes them, and whoever asks may have looked before that.
        Conflict("image-not-cached"), BadRequest("disk-too-small"), Failed("disk-full").
        """
        ...

    async def attach_disk(
        self, server_id: str, disk: Disk, epoch: int, secrets: Secrets | None = None
    ) -> None:
        """The machine has this volume, from now on where it runs.

        Refused, nothing of it stays. Conflict("volume-unreadable", "volume-key-missing"),
        Failed("qemu-refused").
        """
        ...

    async def detach_disk(self, server_id: str, volume_id: str, epoch: int) -> None:
        """The machine has the volume no more and its process has it closed. Unknown is fine.

        A running guest must let go of it. Asked for a while, where it does not the machine keeps
        the volume: Failed("guest-keeps-disk").
        """
        ...

    async def grow_disk(self, server_id: str, volume_id: str, size_bytes: int) -> None:
        """Have a volume of at least this size: now where the guest runs, else at its start.

        It takes no epoch, since nothing shrinks. NotFound("volume-not-attached").
        """
        ...

    async def switch_disk(self, server_id: str, disk: Disk) -> None:
        """Write into `disk`'s first layer from now on; those below are what the machine had.

        It takes no epoch: one that comes late no longer fits upon what is there.
        NotFound("volume-not-attached"), Conflict("volume-differs").
        """
        ...

    async def swap_disk(
        self,
        server_id: str,
        had: Disk,
        disk: Disk,
        epoch: int,
        secrets: Secrets | None = None,
        *,
        copied: bool = False,
    ) -> SwapState:
        """Have `disk`, at least as large, in the place of `had` and at the same device.

        The process of a running guest copies what there is, and what the guest writes it writes to
        both: COPYING, ask again until it is DONE. CLOSED: no process has it open; whoever
        keeps the contents copies them, and asks again with `copied`. secrets: of `disk`.
        Whatever fails, the machine has one of both, whole. NotFound("volume-not-attached"),
        Failed("swap-failed") and what `attach_disk` is refused with.
        """
        ...

    async def keep_disk(self, server_id: str, volume_id: str, other: Disk, epoch: int) -> bool:
        """Give up that the other takes this volume's place: that is closed. Unknown is fine.

        False, and nothing is changed, where it has been taken: `swap_disk` ends that.
        """
        ...

    async def plug(self, server_id: str, epoch: int) -> None:
        """Put the machine's ports on the integration bridge, and take off those it has no more."""
        ...

    async def unplug(self, server_id: str, epoch: int) -> None: ...

    async def start(
        self,
        server_id: str,
        epoch: int,
        *,
        paused: bool = False,
        secrets: Mapping[str, Secrets] | None = None,
    ) -> None:
        """Have a process; unless `paused`, have it running. Its ports must have been plugged.

        secrets: by the ids of its volumes; they are asked for anew with each start.
        A machine that runs already is not paused by `paused=True`. Where guests are slow (no KVM)
        few boot at once, and the call waits its turn. Failed("qemu-failed") carries QEMU's words.
        """
        ...

    async def resume(self, server_id: str, epoch: int) -> None:
        """Let a paused machine run; takes the same turns as `start`."""
        ...

    async def pause(self, server_id: str, epoch: int) -> None: ...

    async def stop(self, server_id: str, epoch: int, *, graceful_timeout_s: float = 0) -> None:
        """Have no process. With a timeout the guest is asked first. Unknown is fine."""
        ...

    async def reset(self, server_id: str, epoch: int) -> None:
        """Press the reset button of a machine that has a process."""
        ...

    async def rebuild(self, machine: Machine, epoch: int) -> None:
        """`prepare`, with a fresh root disk in place of the old. Conflict("server-running").

        A machine whose folder is gone is made anew.
        """
        ...

    async def remove(self, server_id: str, epoch: int) -> None:
        """Nothing of the server stays: process, ports, folder. Unknown is fine."""
        ...

    async def status(self, server_id: str) -> MachineStatus: ...

    async def list(self) -> Census:
        """Every machine found on the host, and what carries our mark but belongs to none."""
        ...

    async def console_log(self, server_id: str, lines: int | None = None) -> str:
        """The end of the serial console's output, over reboots too; NotFound for an unknown one."""
        ...

    async def open_console(self, server_id: str, kind: ConsoleKind) -> ByteStream:
        """A machine's screen, as the RFB protocol with no password, or its serial line.

        Any number may watch and type at once; a serial line begins with the end of its log, and
        what is said goes on into the log. Ends with the process. NotFound,
        Conflict("server-not-running"), Failed("console-silent").
        """
        ...

    async def metrics(self, server_id: str | None, since: float = 0.0) -> Metrics:
        """Samples after `since`, of the last hour at most; of the host itself without a server.

        NotFound for an unknown server; nothing where it has not run for two readings.
        """
        ...

    def changes(self) -> AsyncIterator[MachineStatus]:
        """First every machine as it is, then each whose power state changed (the latest wins)."""
        ...

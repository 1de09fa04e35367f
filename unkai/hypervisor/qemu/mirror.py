"""One volume in another's place while the guest runs: a job of QEMU's.

The job copies what there is. What the guest writes meanwhile is written to both before the guest is
told so, and therefore both are the same from the moment on that the job is ready: whichever of them
the next process opens, no write is lost. QEMU keeps a job that has ended until it is told to forget
it, so that one that failed while nobody looked is not taken for done.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Literal

from unkai.hypervisor import refusals
from unkai.hypervisor.model import Disk
from unkai.hypervisor.qemu import hot_plug, volumes
from unkai.hypervisor.qemu.guest import Guest
from unkai.hypervisor.qemu.volumes import OpenDisk
from unkai.kit.errors import Failed

Stage = Literal["none", "copying", "ready", "ended"]
_STAGES: dict[str, Stage] = {"ready": "ready", "concluded": "ended"}
Pause = Callable[[], Awaitable[None]]
"""A moment, before QEMU is asked again; raises when that has been often enough."""


async def look(guest: Guest, volume_id: str) -> Stage:
    """Of the job that fills this volume. Failed("swap-failed") in QEMU's words."""
    job = await _job(guest, volume_id)
    if job is None:
        return "none"
    if job["status"] == "concluded" and "error" in job:
        raise refusals.swap_failed(volume_id, job["error"])
    return _STAGES.get(job["status"], "copying")


async def begin(guest: Guest, had: Disk, opened: OpenDisk) -> None:
    """Copy one to the other; refused, nothing of it stays.

    QEMU copies between equals only: a larger one gets its size back when it is the guest's.
    """
    disk = opened.disk
    try:
        await hot_plug.open_nodes(guest, opened)
        await hot_plug.as_large(guest, disk, had)
        order: dict[str, Any] = {
            "job-id": _job_id(disk.volume_id),
            "device": volumes.top_name(had),
            "target": volumes.top_name(disk),
            "sync": "full",
            "copy-mode": "write-blocking",
            "auto-dismiss": False,
        }
        await guest.execute("blockdev-mirror", **order)
    except BaseException:
        with suppress(Failed):
            if await _job(guest, disk.volume_id) is None:
                await hot_plug.grow(guest, disk)
                await hot_plug.close(guest, disk.volume_id)
        raise


async def pivot(guest: Guest, volume_id: str, pause: Pause) -> None:
    """The guest's device goes on with this volume alone. Failed("swap-failed")."""
    if await look(guest, volume_id) == "ready":
        await guest.execute("job-complete", id=_job_id(volume_id))
    while (stage := await look(guest, volume_id)) not in ("ended", "none"):
        await pause()
    if stage == "ended":
        await guest.execute("job-dismiss", id=_job_id(volume_id))


async def give_up(guest: Guest, disk: Disk, pause: Pause) -> None:
    """No job; the guest's device goes on with what it had."""
    name = _job_id(disk.volume_id)
    while (job := await _job(guest, disk.volume_id)) is not None:
        if job["status"] == "concluded":
            await guest.execute("job-dismiss", id=name)
            break
        with suppress(Failed):  # it has been told already
            await guest.execute("job-cancel", id=name)
        await pause()
    with suppress(Failed):
        await hot_plug.grow(guest, disk)


async def _job(guest: Guest, volume_id: str) -> dict[str, Any] | None:
    found: list[dict[str, Any]] = await guest.execute("query-jobs")
    return next((job for job in found if job["id"] == _job_id(volume_id)), None)


def _job_id(volume_id: str) -> str:
    return f"swap-{volume_id}"

"""Volumes that come and go while the guest runs.

QEMU itself is asked what it has, so that every verb may be repeated after any interruption.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from unkai.hypervisor import refusals
from unkai.hypervisor.model import Disk, Machine
from unkai.hypervisor.qemu import volumes
from unkai.hypervisor.qemu.command import ROOT_NODE
from unkai.hypervisor.qemu.guest import Guest
from unkai.hypervisor.qemu.volumes import OpenDisk
from unkai.kit.errors import Failed

_DEVICES = "/machine/peripheral"


async def attach(guest: Guest, opened: OpenDisk) -> None:
    """Have the device. Failed("qemu-refused"), with nothing left of it."""
    disk = opened.disk
    if await has(guest, disk.volume_id):
        return
    await _close(guest, disk.volume_id)
    try:
        sets = [await _pass(guest, opened, number) for number in range(len(opened.layers))]
        for use in opened.secrets:
            await guest.execute("object-add", **volumes.secret(opened, use))
        if volumes.limits(disk):
            await guest.execute("object-add", **volumes.group(disk))
        await guest.execute("blockdev-add", **volumes.chain(opened, sets))
        await grow(guest, disk)
        await guest.execute("device_add", **volumes.device(disk))
    except BaseException:
        if not await _has_still(guest, disk.volume_id):
            await _close(guest, disk.volume_id)
        raise


async def has(guest: Guest, volume_id: str) -> bool:
    """Whether the guest's board has the device, even one it was asked to let go."""
    found: list[dict[str, Any]] = await guest.execute("qom-list", path=_DEVICES)
    return volumes.device_id(volume_id) in {one["name"] for one in found}


async def ask_to_let_go(guest: Guest, volume_id: str) -> None:
    """Press the eject button; pressed already is fine."""
    with suppress(Failed):
        await guest.execute("device_del", id=volumes.device_id(volume_id))


async def finish_detach(guest: Guest, volume_id: str) -> None:
    """Close the files of a device that is gone."""
    await _close(guest, volume_id)


async def grow_disks(guest: Guest, machine: Machine) -> None:
    """Before the guest runs: so it never sees an old size, and no tool reads its disks."""
    root = machine.root_disk
    if root.volume is None:
        await _grow(guest, ROOT_NODE, root.size_bytes)
    for disk in machine.volumes:
        await grow(guest, disk)


async def grow(guest: Guest, disk: Disk) -> None:
    """At least as large as the disk says; the guest is told."""
    if not disk.read_only:
        await _grow(guest, volumes.top_name(disk), disk.size_bytes)


async def switch(guest: Guest, opened: OpenDisk) -> None:
    """Put the disk's first layer above what is open; the guest notices nothing."""
    disk = opened.disk
    depth = len(disk.layers) - 1
    top = volumes.layer_name(disk.volume_id, depth)
    below = volumes.layer_name(disk.volume_id, depth - 1)
    nodes = await _nodes(guest)
    if top in nodes and (depth == 0 or nodes[top]["backing_file_depth"] == depth):
        return
    if below not in nodes:
        raise refusals.volume_differs(disk)
    if top not in nodes:
        fd_set = await _pass(guest, opened, 0)
        await guest.execute("blockdev-add", **volumes.layer_node(opened, 0, fd_set))
    await guest.execute("blockdev-snapshot", node=below, overlay=top)


async def _grow(guest: Guest, node: str, size_bytes: int) -> None:
    found = (await _nodes(guest)).get(node)
    if found is not None and found["image"]["virtual-size"] < size_bytes:
        await guest.execute("block_resize", node_name=node, size=size_bytes)


async def _nodes(guest: Guest) -> dict[str, dict[str, Any]]:
    found: list[dict[str, Any]] = await guest.execute("query-named-block-nodes", flat=False)
    return {one["node-name"]: one for one in found}


async def _pass(guest: Guest, opened: OpenDisk, number: int) -> int:
    """The layer's descriptors, as a set of QEMU's; 0 where it has none."""
    fd_set: int | None = None
    for fd in opened.layers[number].fds:
        fd_set = await guest.pass_descriptor(fd, fd_set, volumes.name_of(opened.disk.volume_id))
    return fd_set or 0


async def _has_still(guest: Guest, volume_id: str) -> bool:
    """After a failure: a guest that does not answer has what it has."""
    try:
        return await has(guest, volume_id)
    except Failed:
        return True


async def _close(guest: Guest, volume_id: str) -> None:
    """Nodes from the top down, limits, descriptors; as far as they are there."""
    name = volumes.name_of(volume_id)
    mine = [node for node in await _nodes(guest) if node.startswith(f"{name}-")]
    for node in sorted(mine, key=_from_the_top):
        with suppress(Failed):  # one below went with the one above it
            await guest.execute("blockdev-del", node_name=node)
    if left := [node for node in await _nodes(guest) if node.startswith(f"{name}-")]:
        raise Failed(f"QEMU does not close {', '.join(left)}.", code="volume-busy")
    secrets = (volumes.secret_id(volume_id, use) for use in volumes.SECRETS)
    for object_id in (volumes.group_id(volume_id), *secrets):
        with suppress(Failed):
            await guest.execute("object-del", id=object_id)
    for one in await guest.execute("query-fdsets"):
        if any(fd.get("opaque") == name for fd in one["fds"]):
            await guest.execute("remove-fd", fdset_id=one["fdset-id"])


def _from_the_top(node: str) -> tuple[int, int]:
    place = node.rpartition("-")[2]
    return (0, 0) if place == "t" else (1, -int(place))

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
    if await has(guest, volumes.device_id(disk)):
        return
    try:
        await open_nodes(guest, opened)
        await guest.execute("device_add", **volumes.device(disk))
    except BaseException:
        if not await _has_still(guest, volumes.device_id(disk)):
            await close(guest, disk.volume_id)
        raise


async def open_nodes(guest: Guest, opened: OpenDisk) -> None:
    """Have its files open, on no device; whatever fails, the caller closes it."""
    disk = opened.disk
    await close(guest, disk.volume_id)
    sets = [await _pass(guest, opened, number) for number in range(len(opened.layers))]
    for use in opened.secrets:
        await guest.execute("object-add", **volumes.secret(opened, use))
    if volumes.limits(disk):
        await guest.execute("object-add", **volumes.group(disk))
    await guest.execute("blockdev-add", **volumes.chain(opened, sets))
    await grow(guest, disk)


async def has(guest: Guest, device: str) -> bool:
    """Whether the guest's board has the device, even one it was asked to let go."""
    found: list[dict[str, Any]] = await guest.execute("qom-list", path=_DEVICES)
    return device in {one["name"] for one in found}


async def ask_to_let_go(guest: Guest, device: str) -> None:
    """Press the eject button; pressed already is fine."""
    with suppress(Failed):
        await guest.execute("device_del", id=device)


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


async def as_large(guest: Guest, disk: Disk, other: Disk) -> None:
    """Of the other's size, though it be less; only for what is to be written over."""
    nodes = await _nodes(guest)
    sizes = [nodes[volumes.top_name(one)]["image"]["virtual-size"] for one in (disk, other)]
    if sizes[0] != sizes[1]:
        name = volumes.top_name(disk)
        await guest.execute("block_resize", node_name=name, size=sizes[1])


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


async def _has_still(guest: Guest, device: str) -> bool:
    """After a failure: a guest that does not answer has what it has."""
    try:
        return await has(guest, device)
    except Failed:
        return True


async def close(guest: Guest, volume_id: str) -> None:
    """Of a volume on no device: nodes from the top down, limits, descriptors; what is there.

    Failed("volume-busy") while QEMU needs them.
    """
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

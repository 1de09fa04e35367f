"""The words every agent refuses with, so that the fake and the real one cannot drift apart."""

from __future__ import annotations

from unkai.hypervisor.model import Disk, ImageRef, Machine, Secrets
from unkai.kit.errors import BadRequest, Conflict, Failed, NotFound


def check_epoch(server_id: str, epoch: int, seen: int) -> None:
    """Conflict("stale-epoch") when somebody newer has spoken for the server already."""
    if epoch < seen:
        raise Conflict(
            f"Server {server_id} is owned by a newer operation: epoch {epoch} came after {seen}.",
            code="stale-epoch",
        )


def unknown_server(server_id: str) -> NotFound:
    return NotFound(
        f"Server {server_id} is not on this host.",
        code="server-unknown",
        remedy="If its folder there was lost, rebuild the server or delete it.",
    )


def not_running(server_id: str) -> Conflict:
    return Conflict(f"Server {server_id} has no running process.", code="server-not-running")


def still_running(server_id: str) -> Conflict:
    return Conflict(
        f"Server {server_id} is running.", code="server-running", remedy="Stop it first."
    )


def console_silent(server_id: str, kind: str) -> Failed:
    return Failed(
        f"The {kind} console of server {server_id} does not answer.",
        code="console-silent",
        remedy="Try again; where that does not help, stop the server and start it.",
    )


def not_plugged(port_id: str) -> Conflict:
    return Conflict(f"Port {port_id} is not plugged on this host.", code="port-not-plugged")


def not_cached(image: ImageRef) -> Conflict:
    return Conflict(f"Image {image.id} is not in this host's cache.", code="image-not-cached")


def wrong_bytes(image: ImageRef, found: str) -> BadRequest:
    return BadRequest(
        f"The bytes received for image {image.id} have SHA-256 {found}, not {image.sha256}.",
        code="checksum-mismatch",
    )


def check_root_disk(machine: Machine) -> None:
    """BadRequest("disk-too-small") when the disk could not hold its image."""
    disk, image = machine.root_disk, machine.root_disk.image
    if image is not None and disk.size_bytes < image.virtual_size_bytes:
        raise BadRequest(
            f"A root disk of {disk.size_bytes} bytes cannot hold image {image.id}, "
            f"which has {image.virtual_size_bytes}.",
            code="disk-too-small",
            remedy="Use a flavor with a larger disk.",
        )


def not_attached(server_id: str, volume_id: str) -> NotFound:
    return NotFound(
        f"Volume {volume_id} is not attached to server {server_id}.", code="volume-not-attached"
    )


def volume_differs(disk: Disk) -> Conflict:
    return Conflict(
        f"Volume {disk.volume_id} does not stand on the layers that its server has open.",
        code="volume-differs",
    )


def volume_unreadable(path: str, why: str) -> Conflict:
    return Conflict(
        f"The volume's file {path} cannot be opened: {why}.",
        code="volume-unreadable",
        remedy="Is the volume's store mounted on this host?",
    )


def check_secrets(disk: Disk, secrets: Secrets) -> None:
    """Conflict("volume-key-missing"): an encrypted volume is opened as such or not at all."""
    wanted = ["luks"] if any(layer.encrypted for layer in disk.layers) else []
    wanted += ["cephx"] if disk.driver == "rbd" else []
    for use in wanted:
        if use not in secrets:
            raise Conflict(
                f"Volume {disk.volume_id} is not opened without its {use} key.",
                code="volume-key-missing",
            )


def guest_keeps_disk(volume_id: str, timeout_s: float) -> Failed:
    return Failed(
        f"The guest did not let go of volume {volume_id} within {timeout_s:g} s; "
        "it stays attached.",
        code="guest-keeps-disk",
        remedy="Unmount it in the guest and detach again, or stop the server first.",
    )


def swap_failed(volume_id: str, why: str) -> Failed:
    return Failed(
        f"The contents could not be copied to volume {volume_id}: {why}.", code="swap-failed"
    )


def check_switch(had: Disk, disk: Disk) -> None:
    """Conflict("volume-differs") unless `disk` is `had`, or that with one layer more."""
    if disk.layers not in (had.layers, disk.layers[:1] + had.layers):
        raise volume_differs(disk)

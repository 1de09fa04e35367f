"""`block_device_mapping_v2` of `POST /servers`, and the older form without the suffix.

What comes out is volumes alone: the image on the host's disk is the request's image.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Struct

from unkai.compute.api import shapes
from unkai.compute.model import BlockDevice as Disk
from unkai.kit.errors import BadRequest
from unkai.kit.http import since

Source = Literal["image", "volume", "snapshot", "blank"]
Place = Literal["local", "volume"]
DEFAULT_PLACE: dict[Source, Place] = {
    "image": "local",
    "blank": "local",
    "volume": "volume",
    "snapshot": "volume",
}


class BlockDevice(Struct, forbid_unknown_fields=True):
    source_type: Source | None = None
    destination_type: Place | None = None
    uuid: str | None = None
    boot_index: int | str | None = None
    volume_size: int | str | None = None
    delete_on_termination: shapes.Switch | None = None
    device_name: str | None = None
    device_type: str | None = None
    disk_bus: str | None = None
    guest_format: str | None = None
    no_device: Any = None
    virtual_name: str | None = None
    volume_id: str | None = None
    snapshot_id: str | None = None
    image_id: str | None = None
    tag: Annotated[shapes.Tag | None, since("2.32")] = None
    volume_type: Annotated[str | None, since("2.67")] = None


class LegacyDevice(Struct, forbid_unknown_fields=True):
    """The older form: a volume or a snapshot of one, by the device it is to be."""

    device_name: str | None = None
    virtual_name: str | None = None
    volume_id: str | None = None
    snapshot_id: str | None = None
    volume_size: int | str | None = None
    delete_on_termination: shapes.Switch | None = None
    no_device: Any = None
    connection_info: Any = None


def disks_of(
    image_id: str | None, older: Sequence[LegacyDevice], devices: Sequence[BlockDevice]
) -> list[Disk]:
    """BadRequest in Nova's words where they contradict each other."""
    if older and devices:
        raise BadRequest("Using different block_device_mapping syntaxes is not allowed.")
    if older:
        return _of_legacy(image_id, [one for one in older if not one.no_device])
    wanted = [one for one in devices if not one.no_device]
    found = [_of_device(one, image_id) for one in wanted]
    _check_order(image_id, wanted)
    tags = [one.tag for one in wanted if one.tag]
    if len(tags) != len(set(tags)):
        raise _invalid("two devices have the same tag.")
    return [disk for disk in found if disk is not None]


def local_image(devices: Sequence[BlockDevice]) -> str | None:
    """The image of the root disk on the host, where the devices name it."""
    for one in devices:
        if one.source_type == "image" and _place(one) == "local" and _boot_index(one) == 0:
            return one.uuid
    return None


def _of_device(one: BlockDevice, image_id: str | None) -> Disk | None:
    source = one.source_type
    if source is None:
        raise _invalid("Missing source_type.")
    if source == "blank" and one.uuid:
        raise _invalid("Invalid device UUID.")
    if source != "blank":
        _check_uuid(one.uuid)
    place, boot_index, size = _place(one), _boot_index(one), _size(one)
    if place == "local":
        return _local(one, source, boot_index, image_id)
    if source == "image" and not size:
        raise _invalid(
            "Images with destination_type 'volume' need to have a non-zero size specified"
        )
    if source == "blank" and not size:
        raise _invalid("Blank volumes (source: 'blank', dest: 'volume') need to have non-zero size")
    if source == "blank" and boot_index == 0:
        raise _invalid("a blank volume cannot be booted from.")
    return Disk(
        source=source,
        source_id=one.uuid,
        boot_index=boot_index,
        size=size,
        delete_on_termination=shapes.switch(
            one.delete_on_termination or False, "delete_on_termination"
        ),
        volume_type=one.volume_type,
        tag=one.tag,
    )


def _local(one: BlockDevice, source: Source, boot_index: int | None, image_id: str | None) -> None:
    """A disk of the host's own: only the root disk from an image."""
    if source == "image" and boot_index == 0:
        if image_id is not None and one.uuid != image_id:
            raise _invalid("imageRef names another root disk.")
        return
    if source == "image":
        raise _invalid("Mapping image to local is not supported.")
    if source == "blank" and one.guest_format == "swap":
        raise BadRequest("Swap drive requested is larger than instance type allows.")
    if source == "blank":
        raise BadRequest("Ephemeral disks requested are larger than the instance type allows.")
    raise _invalid(f"a {source} cannot become a local disk.")


def _place(one: BlockDevice) -> Place:
    return one.destination_type or DEFAULT_PLACE[one.source_type or "blank"]


def _check_uuid(uuid: str | None) -> None:
    if not uuid:
        raise _invalid("Missing device UUID.")
    try:
        msgspec.convert(uuid, shapes.Uuid)
    except msgspec.ValidationError as error:
        raise _invalid("Invalid device UUID.") from error


def _boot_index(one: BlockDevice) -> int | None:
    value = one.boot_index
    if value is None:
        return None
    try:
        number = int(value)
    except ValueError as error:
        raise BadRequest(
            f"Invalid input for field/attribute boot_index. Value: {value}."
        ) from error
    return number if number >= 0 else None


def _size(one: BlockDevice | LegacyDevice) -> int | None:
    value = one.volume_size
    if value is None or value == "":
        return None
    text = str(value)
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 1 << 31:
        raise BadRequest(f"Invalid input for field/attribute volume_size. Value: {value}.")
    return int(text)


def _check_order(image_id: str | None, devices: Sequence[BlockDevice]) -> None:
    """One root, and a row without a gap behind it."""
    order = sorted(index for one in devices if (index := _boot_index(one)) is not None)
    if image_id is not None and 0 not in order:
        order = [0, *order]
    if order != list(range(len(order))) or (devices and not order):
        raise _invalid(
            "Boot sequence for the instance and image/block device mapping combination is not "
            "valid."
        )


def _of_legacy(image_id: str | None, devices: Sequence[LegacyDevice]) -> list[Disk]:
    found: list[Disk] = []
    for number, one in enumerate(devices):
        uuid = one.volume_id or one.snapshot_id
        _check_uuid(uuid)
        found.append(
            Disk(
                source="volume" if one.volume_id else "snapshot",
                source_id=uuid,
                boot_index=0 if number == 0 and image_id is None else None,
                size=_size(one),
                delete_on_termination=shapes.switch(
                    one.delete_on_termination or False, "delete_on_termination"
                ),
            )
        )
    return found


def _invalid(detail: str) -> BadRequest:
    return BadRequest(f"Block Device Mapping is Invalid: {detail}", code="block-device-mapping")

"""An image's attributes as clients write them: which there are, of what shape, and which are ours.

Whatever is no attribute is an additional property, a name with a string.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from unkai.image.model import Visibility
from unkai.kit.errors import BadRequest, Forbidden

UUID = r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
VALUE_MAX: Final = 65535
READ_ONLY: Final = frozenset(
    {
        "created_at",
        "updated_at",
        "status",
        "checksum",
        "size",
        "virtual_size",
        "os_hash_algo",
        "os_hash_value",
        "direct_url",
        "self",
        "file",
        "schema",
        "stores",
        "locations",
        "location",
    }
)
RESERVED: Final = frozenset({"deleted", "deleted_at", "properties", "members"})
OURS: Final = "os_glance"

Name = Annotated[str, Meta(max_length=255)]
Tag = Annotated[str, Meta(min_length=1, max_length=255)]
Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]
DiskFormat = Literal[
    "ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop"
]
ContainerFormat = Literal["ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed"]


class Attributes(Struct, kw_only=True):
    """Everything of an image that a client may set, as far as it did."""

    id: Annotated[str, Meta(pattern=UUID)] | UnsetType = UNSET
    name: Name | UnsetType | None = UNSET
    owner: Annotated[str, Meta(min_length=1, max_length=255)] | UnsetType | None = UNSET
    visibility: Visibility | UnsetType = UNSET
    disk_format: DiskFormat | UnsetType | None = UNSET
    container_format: ContainerFormat | UnsetType | None = UNSET
    min_disk: Count | UnsetType = UNSET
    min_ram: Count | UnsetType = UNSET
    protected: bool | UnsetType = UNSET
    os_hidden: bool | UnsetType = UNSET
    tags: list[Tag] | UnsetType = UNSET


SETTABLE: Final = frozenset(Attributes.__struct_fields__)


def attributes(data: dict[str, Any]) -> dict[str, Any]:
    """The given attributes, checked; BadRequest says which is wrong."""
    try:
        checked = msgspec.convert(data, Attributes)
    except msgspec.ValidationError as error:
        raise BadRequest(f"Invalid input: {error}.", code="invalid-body") from error
    return {name: getattr(checked, name) for name in data}


def additional(data: dict[str, Any]) -> dict[str, str]:
    """The given additional properties, checked."""
    for name, value in data.items():
        refuse_name(name)
        if not 0 < len(name) <= 255:
            raise BadRequest(f"The property name {name[:40]!r} is not 1 to 255 characters long.")
        if not isinstance(value, str):
            raise BadRequest(
                f"Invalid input: the property {name} must be a string.", code="invalid-body"
            )
        if len(value.encode("utf-8", "surrogatepass")) > VALUE_MAX:
            raise BadRequest(
                f"The value of property {name} is longer than {VALUE_MAX} bytes.",
                code="invalid-body",
            )
    return data


def refuse_name(name: str) -> None:
    """Forbidden for what only the service itself sets."""
    if name in READ_ONLY:
        raise Forbidden(f"Attribute '{name}' is read-only.", code="attribute-read-only")
    if name in RESERVED or name.startswith(OURS):
        raise Forbidden(f"Attribute '{name}' is reserved.", code="attribute-reserved")

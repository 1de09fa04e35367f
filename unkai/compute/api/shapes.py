"""Types of fields that several bodies share: names, metadata, tags, addresses, switches."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Any

import msgspec

from unkai.kit.errors import BadRequest, NotFound

# Printable, and neither begins nor ends with a space.
_NAME = r"^(?! )[^\x00-\x1f\x7f]+(?<! )$"

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=255, pattern=_NAME)]
LooseName = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
Description = Annotated[str, msgspec.Meta(max_length=255, pattern=r"^[^\x00]*$")]
MetadataKey = Annotated[
    str, msgspec.Meta(min_length=1, max_length=255, pattern=r"^[a-zA-Z0-9-_:. ]{1,255}$")
]
MetadataValue = Annotated[str, msgspec.Meta(max_length=255, pattern=r"^[^\x00]*$")]
Metadata = dict[MetadataKey, MetadataValue]
Tag = Annotated[str, msgspec.Meta(min_length=1, max_length=60, pattern=r"^[^,/\x00]*$")]
Tags = Annotated[list[Tag], msgspec.Meta(max_length=50)]
Uuid = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$"
    ),
]
HostLabel = Annotated[
    str, msgspec.Meta(min_length=1, max_length=63, pattern=r"^[a-zA-Z0-9]+([-]*[a-zA-Z0-9])*$")
]
HostName = Annotated[
    str,
    msgspec.Meta(min_length=1, max_length=255, pattern=r"^[a-zA-Z0-9]+([-.]*[a-zA-Z0-9])*$"),
]
DiskConfig = Annotated[str, msgspec.Meta(pattern="^(AUTO|MANUAL)$")]
UserData = Annotated[str, msgspec.Meta(max_length=65535)]
Switch = bool | str

_TRUE = {"1", "t", "true", "on", "y", "yes"}
_FALSE = {"0", "f", "false", "off", "n", "no", ""}


def switch(value: Switch, name: str) -> bool:
    """A boolean as Nova takes it: also "True", "on" or "0"; BadRequest for other words."""
    if isinstance(value, bool):
        return value
    word = value.strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise BadRequest(f"Invalid input for field/attribute {name}. Value: {value} is not a boolean.")


def address(text: str | None, name: str, version: int) -> str:
    """An IP address in its canonical form, "" for none; BadRequest if it is no such thing."""
    if not text:
        return ""
    try:
        return str(ipaddress.ip_address(text) if version == 4 else ipaddress.IPv6Address(text))
    except ValueError as error:
        raise BadRequest(
            f"Invalid input for field/attribute {name}. Value: {text} is not a 'ipv{version}'."
        ) from error


def server_not_found(server_id: str) -> NotFound:
    return NotFound(f"Instance {server_id} could not be found.", code="server-unknown")


def link(rel: str, href: str, **more: Any) -> dict[str, Any]:
    return {"rel": rel, "href": href, **more}

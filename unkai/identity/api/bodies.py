"""Reading bodies: known attributes by type, the client's own attributes as they come."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta

from unkai.kit.http import Call

ShortName = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"\S")]
Name = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"\S")]
Key = Annotated[str, Meta(max_length=64)]
"""An id that is stored without looking whether it exists."""
Tag = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[^/,]*[^/,\s][^/,]*$")]
Tags = Annotated[list[Tag], Meta(max_length=80)]
Options = dict[str, Any]
OWN = frozenset({"id", "links"})


def own_attributes(call: Call, key: str) -> dict[str, Any]:
    """What a client put into `body[key]` that the route's struct does not know."""
    given: Any = getattr(call.body, key)
    known = {field.encode_name for field in msgspec.structs.fields(given)} | OWN
    return {name: value for name, value in call.data[key].items() if name not in known}


def changed_fields(given: msgspec.Struct) -> dict[str, Any]:
    """The attributes that an update names."""
    values = {name: getattr(given, name) for name in given.__struct_fields__}
    return {name: value for name, value in values.items() if value is not UNSET}

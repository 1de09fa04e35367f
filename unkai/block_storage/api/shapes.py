"""Pieces of request bodies that several nouns share."""

from __future__ import annotations

import re
from typing import Annotated, Any, cast

from msgspec import Meta

from unkai.kit.errors import BadRequest, NotFound

Name = Annotated[str, Meta(max_length=255)]
Text = Annotated[str, Meta(max_length=255)]
Key = Annotated[str, Meta(min_length=1, max_length=255)]
Value = Annotated[str, Meta(max_length=255)]
Said = dict[Key, Value]
Id = Annotated[str, Meta(min_length=1, max_length=255)]
Size = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Switch = bool | str | int
UUID = re.compile(
    r"[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}"
)
TRUE = frozenset({"true", "1", "yes", "on", "t", "y"})
FALSE = frozenset({"false", "0", "no", "off", "f", "n"})


def switch(value: Switch, name: str) -> bool:
    """What Cinder takes for true and false."""
    said = str(value).strip().lower()
    if said in TRUE | FALSE:
        return said in TRUE
    raise BadRequest(f"Invalid value {value!r} for {name}: it must be true or false.")


def gib(value: Any, name: str = "size") -> int:
    """A size as a number or as digits; BadRequest for anything else."""
    if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,10}\s*", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value < 2**31:
        raise BadRequest(f"Invalid {name} {value!r}: it must be a number of GiB above zero.")
    return value


def uuid(value: str | None, name: str) -> str | None:
    """BadRequest for what cannot be an id; empty is none."""
    if not value:
        return None
    if not UUID.fullmatch(value):
        raise BadRequest(f"Invalid {name} {value[:80]!r}: it is not a UUID.")
    return value


def refuse_unknown(said: dict[str, Any], known: frozenset[str]) -> None:
    """BadRequest for a key that means nothing here."""
    for key in said:
        if key not in known:
            raise BadRequest(
                f"Additional properties are not allowed ({key[:80]!r} was unexpected).",
                code="invalid-body",
            )


def trimmed(name: str | None) -> str | None:
    return name.strip() if name is not None else None


def one(said: dict[str, str], key: str) -> str:
    """The value of a body {"meta": {key: value}} or {key: value} that must be about `key`."""
    if key not in said:
        raise BadRequest(f"The request body and the URI differ: there is no {key} in it.")
    if len(said) != 1:
        raise BadRequest("Request body contains too many items.")
    return said[key]


def item(said: dict[str, str], key: str) -> str:
    if key not in said:
        raise NotFound(f"Metadata item {key} was not found.", code="no-such-metadata")
    return said[key]


def struct_of(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadRequest("The body must be an object.", code="invalid-body")
    return cast("dict[str, Any]", value)

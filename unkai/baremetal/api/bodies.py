"""Types of request bodies that several nouns share, and the checks that go with them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from unkai.baremetal.actions.find_node import is_uuid
from unkai.baremetal.api.patch import Patch, patched
from unkai.kit.errors import BadRequest

T = TypeVar("T", bound=msgspec.Struct)
Uuid = Annotated[str, Meta(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]
Text = Annotated[str, Meta(max_length=255)]
Address = Annotated[str, Meta(pattern=r"^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}$")]
"""A MAC; it is kept in lower case."""
Object = dict[str, Any] | None
_MAC = re.compile(r"[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}")
_NAME = re.compile(r"[A-Za-z0-9-._~]{1,255}")


def check_name(name: str | None, what: str) -> None:
    """BadRequest for a name that no path could hold, or that could be taken for an id."""
    if name is not None and (not _NAME.fullmatch(name) or is_uuid(name)):
        raise BadRequest(f"Cannot use the invalid name {name[:300]!r} for {what}.", code="bad-name")


def checked_ident(given: str, what: str) -> str:
    """An id or a name of the path; BadRequest if it can be neither."""
    if not _NAME.fullmatch(given):
        raise BadRequest(f"Expected a UUID or a name of {what} but received {given[:300]}.")
    return given.lower() if is_uuid(given) else given


def checked_uuid(given: str, what: str) -> str:
    if not is_uuid(given):
        raise BadRequest(f"Expected a UUID of {what} but received {given[:300]}.")
    return given.lower()


def after_patch(one: msgspec.Struct, patch: Patch, shape: type[T], **shown: Any) -> T:
    """A resource after a patch, as `shape` has it.

    Only fields of `shape` may be named; BadRequest for any other, or for a value out of bounds.
    shown: fields that a patch sees otherwise than the model has them.
    """
    allowed = shape.__struct_fields__
    for name in named(patch):
        if name not in allowed:
            raise BadRequest(
                f"Cannot patch /{name}. Only the following can be updated: {', '.join(allowed)}.",
                code="patch-not-allowed",
            )
    before = {name: msgspec.to_builtins(getattr(one, name)) for name in allowed} | shown
    after = patched(before, patch, read_only=frozenset())
    try:
        return msgspec.convert(after, shape, strict=False)
    except msgspec.ValidationError as error:
        raise BadRequest(f"Invalid input: {error}.", code="invalid-body") from error


def named(patch: Patch) -> Sequence[str]:
    """The fields that a patch touches."""
    return list(dict.fromkeys(one.path.split("/")[1] for one in patch))


def checked_address(given: str) -> str:
    """A MAC of the query, in lower case."""
    if not _MAC.fullmatch(given):
        raise BadRequest(f"Expected a MAC address but received {given[:300]}.")
    return given.lower()

"""What a field of a request may hold, and how a request is read.

Requests are msgspec structs whose field names are the API's own, so that one declaration is the
attribute map, the validation and the type an action works with. As in Neutron, "true" and 1 are
booleans and "12" is a number; a name that is not declared is refused by name.
"""

from __future__ import annotations

import functools
import re
from typing import Annotated, Any, TypeVar, cast

import msgspec
from msgspec import Meta

from unkai.kit.errors import BadRequest

T = TypeVar("T")

NO_NUL = "^[^\x00]*$"
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")

Text = Annotated[str, Meta(max_length=255, pattern=NO_NUL)]
Id = Annotated[str, Meta(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]
ProjectId = Annotated[str, Meta(max_length=255, pattern=NO_NUL)]
AddressText = Annotated[str, Meta(max_length=64, pattern=NO_NUL)]
DnsName = Annotated[str, Meta(max_length=255, pattern=NO_NUL)]
Int32 = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]


def is_uuid(text: str) -> bool:
    return UUID.match(text) is not None


@functools.cache
def _names(shape: Any) -> frozenset[str]:
    return frozenset(field.encode_name for field in msgspec.structs.fields(shape))


def read(shape: type[T], data: Any, member: str) -> T:
    """One resource's attributes as the struct. Raises BadRequest in the API's own words."""
    if not isinstance(data, dict):
        raise BadRequest(f"Body does not contain an object '{member}'.")
    given = cast("dict[str, Any]", data)
    unknown = sorted(set(given) - _names(shape))
    if unknown:
        raise BadRequest(f"Unrecognized attribute(s) '{', '.join(unknown)}'.")
    try:
        return msgspec.convert(given, shape, strict=False)
    except msgspec.ValidationError as error:
        raise BadRequest(_sentence(str(error))) from error


def _sentence(complaint: str) -> str:
    what, _, where = complaint.partition(" - at ")
    field = where.strip("`").removeprefix("$").lstrip(".") or "the body"
    return f"Invalid input for {field}. Reason: {what}."


def project_of(
    project_id: str | msgspec.UnsetType, tenant_id: str | msgspec.UnsetType, default: str | None
) -> str:
    """The project a new resource is for; the API takes it under either name."""
    if msgspec.UNSET not in (project_id, tenant_id) and project_id != tenant_id:
        raise BadRequest("'project_id' and 'tenant_id' do not match.")
    chosen = tenant_id if project_id is msgspec.UNSET else project_id
    return default or "" if chosen is msgspec.UNSET or not chosen else chosen


def given(request: Any, but: tuple[str, ...] = ()) -> dict[str, Any]:
    """The fields of a change that were named, by the struct's own field names."""
    return {
        name: value
        for name in request.__struct_fields__
        if name not in but and (value := getattr(request, name)) is not msgspec.UNSET
    }

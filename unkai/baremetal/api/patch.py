"""JSON patches (RFC 6902) of a resource as the API shows it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast

import jsonpatch
from msgspec import Meta, Struct

from unkai.kit.errors import BadRequest


class PatchOperation(Struct, forbid_unknown_fields=True):
    op: Literal["add", "remove", "replace"]
    path: Annotated[str, Meta(pattern=r"^(/[^/]+)+$")]
    value: Any = None


Patch = list[PatchOperation]


def patched(shown: dict[str, Any], patch: Patch, *, read_only: frozenset[str]) -> dict[str, Any]:
    """The resource after the patch; BadRequest where a path is not there or not to be changed."""
    operations: list[dict[str, Any]] = []
    for one in patch:
        name = one.path.split("/")[1]
        if name in read_only:
            raise BadRequest(f"'{one.path}' is an internal attribute and can not be updated")
        if name not in shown:
            raise BadRequest(f"Adding a new attribute ({one.path}) to the root is not allowed")
        made: dict[str, Any] = {"op": one.op, "path": one.path}
        if one.op != "remove":
            made["value"] = one.value
        elif "/" not in one.path[1:]:
            made = {"op": "replace", "path": one.path, "value": None}
        operations.append(made)
    try:
        return cast("dict[str, Any]", jsonpatch.apply_patch(shown, operations))  # pyright: ignore[reportUnknownMemberType]
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, KeyError) as error:
        raise BadRequest(f"Couldn't apply patch. Reason: {error}", code="patch-failed") from error

"""JSON patches, in the two shapes of the Image API, as changes.

v2.1: `{"op": "replace", "path": "/name", "value": "x"}`; v2.0: `{"replace": "/name", "value":
"x"}`. Paths have one part, for images are flat.
"""

from __future__ import annotations

from typing import Any, Final, cast

from unkai.image.actions.update_image import ATTRIBUTES, Change
from unkai.image.api.attributes import additional, attributes, refuse_name
from unkai.kit.errors import BadRequest, Forbidden, UnsupportedMediaType

MEDIA_TYPES: Final = {
    "application/openstack-images-v2.1-json-patch": "2.1",
    "application/openstack-images-v2.0-json-patch": "2.0",
    "application/json-patch+json": "2.1",
}
OPS: Final = ("add", "remove", "replace")
CHANGES_MAX: Final = 1024


def shape_of(content_type: str) -> str:
    """Which of the two shapes a Content-Type announces."""
    kind = content_type.split(";", maxsplit=1)[0].strip().lower()
    if kind not in MEDIA_TYPES:
        raise UnsupportedMediaType(
            f"A patch cannot be {kind or 'of no type'}; it must be one of {', '.join(MEDIA_TYPES)}."
        )
    return MEDIA_TYPES[kind]


def changes(data: Any, shape: str) -> list[Change]:
    """The patch as changes, their values checked; BadRequest says what is wrong."""
    if not isinstance(data, list):
        raise BadRequest("Request body must be a JSON array of operation objects.")
    items = cast("list[Any]", data)
    if len(items) > CHANGES_MAX:
        raise BadRequest(f"A patch has at most {CHANGES_MAX} operations.")
    return [_change(item, shape) for item in items]


def _change(item: Any, shape: str) -> Change:
    if not isinstance(item, dict):
        raise BadRequest("Operations must be JSON objects.")
    fields = cast("dict[str, Any]", item)
    op, path = _op_and_path(fields, shape)
    name = _name(path)
    if op == "remove":
        refuse_name(name)
        return Change(op, name)
    if "value" not in fields:
        raise BadRequest(f'Operation "{op}" requires a member named "value".')
    value = fields["value"]
    if name == "id":
        raise Forbidden("Attribute 'id' is read-only.", code="attribute-read-only")
    if name in ATTRIBUTES:
        return Change(op, name, attributes({name: value})[name])
    return Change(op, name, additional({name: value})[name])


def _op_and_path(fields: dict[str, Any], shape: str) -> tuple[str, str]:
    if shape == "2.1":
        op, path = fields.get("op"), fields.get("path")
    else:
        named = [known for known in OPS if known in fields]
        if len(named) != 1:
            raise BadRequest("Each operation must have exactly one of add, remove and replace.")
        op, path = named[0], fields[named[0]]
    if op not in OPS:
        raise BadRequest(f"Operations must be one of {', '.join(OPS)}.")
    if not isinstance(path, str):
        raise BadRequest("Each operation needs a path, which is a string.")
    return op, path


def _name(path: str) -> str:
    if not path.startswith("/") or path.endswith("/"):
        raise BadRequest(f"The path {path[:80]!r} must start and may not end with a slash.")
    name = path[1:]
    if "/" in name:
        if name.split("/")[0] == "locations":
            refuse_name("locations")
        raise BadRequest(f"The path {path[:80]!r} has more than one part.")
    return name.replace("~1", "/").replace("~0", "~")

"""/v2/schemas: what images and members are made of, as JSON schemas, made from the attributes."""

from __future__ import annotations

from typing import Any, Final

from unkai.image.model import CONTAINER_FORMATS, DISK_FORMATS, MemberStatus, Visibility
from unkai.kit.errors import NotFound
from unkai.kit.http import Call, Route

Schema = dict[str, Any]


def _string(description: str, *, null: bool = False, read_only: bool = False) -> Schema:
    schema: Schema = {"type": ["null", "string"] if null else "string", "description": description}
    return schema | ({"readOnly": True} if read_only else {})


def _choice(description: str, values: tuple[str, ...], *, null: bool = False) -> Schema:
    allowed: list[str | None] = [None, *values] if null else [*values]
    return {
        "type": ["null", "string"] if null else "string",
        "enum": allowed,
        "description": description,
    }


def _whole(description: str, *, read_only: bool = False) -> Schema:
    kind: Any = ["null", "integer"] if read_only else "integer"
    schema: Schema = {"type": kind, "description": description}
    return schema | ({"readOnly": True} if read_only else {})


IMAGE: Final[Schema] = {
    "name": "image",
    "properties": {
        "id": _string("The image's UUID")
        | {
            "pattern": "^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-"
            "([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$"
        },
        "name": _string("A name for people", null=True) | {"maxLength": 255},
        "status": _string("Where the image is in its life", read_only=True)
        | {
            "enum": [
                "queued",
                "saving",
                "uploading",
                "importing",
                "active",
                "deactivated",
                "killed",
                "deleted",
                "pending_delete",
            ]
        },
        "visibility": _choice("Who sees the image", tuple(Visibility)),
        "protected": {"type": "boolean", "description": "Whether the image cannot be deleted"},
        "os_hidden": {"type": "boolean", "description": "Whether lists leave the image out"},
        "owner": _string("The project that the image belongs to", null=True) | {"maxLength": 255},
        "disk_format": _choice("The format of the disk", DISK_FORMATS, null=True),
        "container_format": _choice("What is around the disk", CONTAINER_FORMATS, null=True),
        "size": _whole("Bytes of data", read_only=True),
        "virtual_size": _whole("Bytes of the disk that the data describes", read_only=True),
        "checksum": _string("MD5 of the data", null=True, read_only=True) | {"maxLength": 32},
        "os_hash_algo": _string("How os_hash_value was made", null=True, read_only=True)
        | {"maxLength": 64},
        "os_hash_value": _string("Hash of the data, in hex", null=True, read_only=True)
        | {"maxLength": 128},
        "min_disk": _whole("GiB of disk that a server needs"),
        "min_ram": _whole("MiB of memory that a server needs"),
        "created_at": _string("When the image was made", read_only=True),
        "updated_at": _string("When the image last changed", read_only=True),
        "tags": {
            "type": "array",
            "items": {"type": "string", "maxLength": 255},
            "description": "Words that the image can be found by",
        },
        "self": _string("Where the image is", read_only=True),
        "file": _string("Where its data is", read_only=True),
        "schema": _string("Where this schema is", read_only=True),
        "stores": _string("The stores that hold its data", read_only=True),
    },
    "additionalProperties": {"type": "string"},
    "links": [
        {"rel": "self", "href": "{self}"},
        {"rel": "enclosure", "href": "{file}"},
        {"rel": "describedby", "href": "{schema}"},
    ],
}
MEMBER: Final[Schema] = {
    "name": "member",
    "properties": {
        "image_id": _string("The image that is shared"),
        "member_id": _string("The project it is shared with"),
        "status": _choice("What that project says to it", tuple(MemberStatus)),
        "created_at": _string("When it was shared", read_only=True),
        "updated_at": _string("When the status last changed", read_only=True),
        "schema": _string("Where this schema is", read_only=True),
    },
}


def _many(name: str, of: Schema) -> Schema:
    return {
        "name": name,
        "properties": {
            name: {"type": "array", "items": of},
            "first": {"type": "string"},
            "next": {"type": "string"},
            "schema": {"type": "string"},
        },
        "links": [
            {"rel": "first", "href": "{first}"},
            {"rel": "next", "href": "{next}"},
            {"rel": "describedby", "href": "{schema}"},
        ],
    }


SCHEMAS: Final[dict[str, Schema]] = {
    "image": IMAGE,
    "images": _many("images", IMAGE),
    "member": MEMBER,
    "members": _many("members", MEMBER),
}


async def show(call: Call) -> Schema:
    name = call.params["name"]
    if name not in SCHEMAS:
        raise NotFound(f"There is no schema {name}.", code="no-such-schema")
    return SCHEMAS[name]


ROUTES = (Route("GET", "/v2/schemas/{name}", show, "get_schemas"),)

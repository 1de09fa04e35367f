"""How each API words a failure. One function each; the only place where faults become bodies."""

from __future__ import annotations

import json
from typing import Any

from unkai.kit.errors import Fault, NoRoom, QuotaExceeded

NOVA_WORDS = {
    400: "badRequest",
    401: "unauthorized",
    403: "forbidden",
    404: "itemNotFound",
    405: "badMethod",
    406: "notAcceptable",
    409: "conflictingRequest",
    410: "gone",
    413: "overLimit",
    415: "badMediaType",
    429: "overLimit",
    503: "serviceUnavailable",
}


def nova(fault: Fault, status: int, request_id: str) -> tuple[dict[str, Any], dict[str, str]]:
    word = NOVA_WORDS.get(status, "computeFault")
    return {word: {"code": status, "message": fault.public}}, {}


def cinder(fault: Fault, status: int, request_id: str) -> tuple[dict[str, Any], dict[str, str]]:
    """As Nova words it; what is used up is over a limit."""
    headers = {"Retry-After": "0"} if status == 413 else {}
    word = NOVA_WORDS.get(status, "computeFault")
    return {word: {"code": status, "message": fault.public}}, headers


def keystone(fault: Fault, status: int, request_id: str) -> tuple[dict[str, Any], dict[str, str]]:
    return {"error": {"code": status, "message": fault.public, "title": fault.title}}, {}


NEUTRON_TYPES = {
    "bad-request": "HTTPBadRequest",
    "invalid-body": "HTTPBadRequest",
    "invalid-json": "HTTPBadRequest",
    "not-found": "HTTPNotFound",
    "no-route": "HTTPNotFound",
    "policy": "PolicyNotAuthorized",
    "forbidden": "PolicyNotAuthorized",
}
"""What Neutron calls the general cases; any other code is its type's name in other letters."""


def neutron(fault: Fault, status: int, request_id: str) -> tuple[dict[str, Any], dict[str, str]]:
    words = "".join(part.capitalize() for part in fault.code.split("-"))
    words = NEUTRON_TYPES.get(fault.code, words)
    return {"NeutronError": {"type": words, "message": fault.public, "detail": ""}}, {}


def glance(fault: Fault, status: int, request_id: str) -> tuple[dict[str, Any], dict[str, str]]:
    return {"message": fault.public, "code": f"{status} {fault.title}", "title": fault.title}, {}


def placement(fault: Fault, status: int, request_id: str) -> tuple[dict[str, Any], dict[str, str]]:
    said = "undefined_code" if fault.code == fault.default_code else fault.code.replace("-", "_")
    error = {
        "status": status,
        "title": fault.title,
        "detail": fault.public,
        "code": f"placement.{said}",
        "request_id": request_id,
    }
    return {"errors": [error]}, {}


def ironic(fault: Fault, status: int, request_id: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The fault is JSON inside a string of JSON: so its clients read it."""
    side = "Client" if status < 500 else "Server"
    said = {"faultcode": side, "faultstring": fault.public, "debuginfo": None}
    return {"error_message": json.dumps(said)}, {}


def unkai(fault: Fault, status: int, request_id: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Our own API: the stable code, the sentence and the next step apart."""
    error = {
        "code": fault.code,
        "status": status,
        "message": fault.message,
        "remedy": fault.remedy,
        "request_id": request_id,
    }
    return {"error": error}, {}


NO_ROOM = {"compute": 403, "network": 409, "placement": 409}
"""Where an API has a word of its own for "there is none left"; the others say 413, as Glance."""


def status_of(fault: Fault, api: str) -> int:
    """What an API answers where room or a quota is used up; else what the fault itself says."""
    if isinstance(fault, NoRoom):
        return NO_ROOM.get(api, fault.status)
    if isinstance(fault, QuotaExceeded) and api == "network":
        return 409
    if isinstance(fault, QuotaExceeded) and api.startswith("block-storage"):
        return 413
    return fault.status

"""Where a Redfish service is and who we are there: driver_info's redfish_* keys, checked."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from unkai.baremetal.drivers import bmc
from unkai.baremetal.model import Node

REQUIRED = {"redfish_address": "URL of the Redfish service, or its host name for https. Required."}
OPTIONAL = {
    "redfish_system_id": "path of the system, /redfish/v1/Systems/1; needed if there are several.",
    "redfish_username": "user name. Optional.",
    "redfish_password": "password. Optional.",
    "redfish_verify_ca": "true (default), false, or a file or folder of CA certificates.",
    "redfish_auth_type": "basic, session, or auto (default: session where it is offered).",
    "redfish_root_prefix": "path of the service's root; default /redfish/v1/.",
}
ROOT = "/redfish/v1"
AUTH_TYPES = ("auto", "basic", "session")
YES, NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


@dataclass(frozen=True, slots=True)
class Login:
    """Everything that makes a service or its user another one."""

    address: str
    """Scheme, host and port, without a path."""
    system: str
    """Path of the system; empty: the only one there is."""
    user: str
    password: str = field(repr=False)
    verify: bool | str
    auth_type: str
    root: str = ROOT

    @property
    def where(self) -> str:
        return urlsplit(self.address).netloc


def login_of(node: Node) -> Login:
    """BadRequest (code "driver-info") naming the keys that are missing, or a wrong one."""
    info = node.driver_info
    if missing := [key for key in REQUIRED if not info.get(key)]:
        raise bmc.missing_info("Redfish", missing)
    auth_type = str(info.get("redfish_auth_type") or "auto").lower()
    if auth_type not in AUTH_TYPES:
        raise bmc.wrong_info(f"redfish_auth_type {auth_type!r} is none of {', '.join(AUTH_TYPES)}.")
    user, password = (str(info.get(f"redfish_{key}") or "") for key in ("username", "password"))
    if auth_type != "auto" and not user:
        raise bmc.missing_info("Redfish", ["redfish_username"])
    return Login(
        address=_address(str(info["redfish_address"])),
        system=_system(info),
        user=user,
        password=password,
        verify=_verify(info),
        auth_type=auth_type,
        root="/" + str(info.get("redfish_root_prefix") or ROOT).strip("/"),
    )


def _address(text: str) -> str:
    wrong = bmc.wrong_info(f"redfish_address {text!r} is neither a URL nor a host name.")
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
            raise wrong
    except ValueError as error:
        raise wrong from error
    return f"{parts.scheme}://{parts.netloc}"


def _system(info: dict[str, Any]) -> str:
    path = str(info.get("redfish_system_id") or "")
    if path and not path.startswith("/"):
        raise bmc.wrong_info(
            f"redfish_system_id {path!r} is no path: it must begin with a slash, as "
            "/redfish/v1/Systems/1 does."
        )
    return path.rstrip("/")


def _verify(info: dict[str, Any]) -> bool | str:
    value = info.get("redfish_verify_ca")
    text = "true" if value is None else str(value).strip()
    if text.lower() in YES:
        return True
    if text.lower() in NO:
        return False
    if not os.path.exists(text):
        raise bmc.wrong_info(
            f"redfish_verify_ca {text!r} is neither true nor false nor a file or folder that is "
            "there."
        )
    return text

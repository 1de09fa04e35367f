"""Where a BMC is and who we are there: driver_info's ipmi_* keys, checked and named when wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from unkai.baremetal.drivers import bmc
from unkai.baremetal.drivers.ipmi.packets import PASSWORD_BYTES, SUITES
from unkai.baremetal.model import Node

REQUIRED = {"ipmi_address": "IP address or hostname of the BMC. Required."}
OPTIONAL = {
    "ipmi_port": "remote IPMI RMCP port, 1 to 65535; default 623.",
    "ipmi_username": "user name; default is no user. Optional.",
    "ipmi_password": "password, at most 20 bytes. Optional.",
    "ipmi_priv_level": "privilege level: ADMINISTRATOR (default), OPERATOR or USER.",
    "ipmi_cipher_suite": "cipher suite, 3 or 17; default is 17 and, where it is refused, 3.",
    "ipmi_hex_kg_key": "Kg key of the BMC, 40 hexadecimal characters. Optional.",
    "ipmi_protocol_version": "version of IPMI; only 2.0 is spoken. Optional.",
    "ipmi_force_boot_device": "whether to set the boot device before each boot. Optional.",
    "ipmi_disable_boot_timeout": (
        "whether the BMC is told to keep the boot device for longer than 60 s; default true."
    ),
}
CONSOLE = {
    "ipmi_terminal_port": "node's UDP port of the console; not needed, kept for old enrolments."
}
PRIVILEGES = {"USER": 2, "OPERATOR": 3, "ADMINISTRATOR": 4}
BAD_BOOLEAN = "is neither true nor false"


@dataclass(frozen=True, slots=True)
class Login:
    """Everything that makes a session another one."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    privilege: int
    suites: tuple[int, ...]
    kg: bytes = field(repr=False)

    @property
    def where(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def login_of(node: Node) -> Login:
    """BadRequest (code "driver-info") naming the keys that are missing, or a wrong one."""
    info = node.driver_info
    if missing := [key for key in REQUIRED if not info.get(key)]:
        raise bmc.missing_info("IPMI", missing)
    version = str(info.get("ipmi_protocol_version") or "2.0")
    if version != "2.0":
        raise bmc.wrong_info(f"ipmi_protocol_version {version!r} is not spoken: only 2.0 is.")
    return Login(
        host=str(info["ipmi_address"]),
        port=_port(info, "ipmi_port", 623),
        user=_short(info, "ipmi_username", 16),
        password=_short(info, "ipmi_password", PASSWORD_BYTES),
        privilege=_privilege(info),
        suites=_suites(info),
        kg=_kg(info),
    )


def flag(info: dict[str, Any], key: str, *, default: bool) -> bool:
    """A boolean as clients write them ("True", "false", 1)."""
    value = info.get(key)
    if value is None:
        return default
    text = str(value).strip().lower()
    if text in ("true", "yes", "on", "1"):
        return True
    if text in ("false", "no", "off", "0"):
        return False
    raise bmc.wrong_info(f"{key} {value!r} {BAD_BOOLEAN}.")


def _port(info: dict[str, Any], key: str, default: int) -> int:
    value = info.get(key)
    if value is None:
        return default
    if isinstance(value, int | str) and str(value).isdecimal() and 0 < int(value) < 65536:
        return int(value)
    raise bmc.wrong_info(f"{key} {value!r} is no port number: it must be 1 to 65535.")


def _short(info: dict[str, Any], key: str, most: int) -> str:
    value = info.get(key)
    text = "" if value is None else str(value)
    if len(text.encode()) > most:
        raise bmc.wrong_info(f"{key} is longer than the {most} bytes that IPMI 2.0 carries.")
    return text


def _privilege(info: dict[str, Any]) -> int:
    name = str(info.get("ipmi_priv_level") or "ADMINISTRATOR").upper()
    if name not in PRIVILEGES:
        raise bmc.wrong_info(f"ipmi_priv_level {name!r} is none of {', '.join(PRIVILEGES)}.")
    return PRIVILEGES[name]


def _suites(info: dict[str, Any]) -> tuple[int, ...]:
    value = info.get("ipmi_cipher_suite")
    if value is None:
        return (17, 3)
    if not str(value).isdecimal() or int(value) not in SUITES:
        raise bmc.wrong_info(f"ipmi_cipher_suite {value!r} is not spoken: only 3 and 17 are.")
    return (int(value),)


def _kg(info: dict[str, Any]) -> bytes:
    value = str(info.get("ipmi_hex_kg_key") or "")
    try:
        key = bytes.fromhex(value)
    except ValueError:
        key = b"?"
    if key and len(key) != 20:
        raise bmc.wrong_info("ipmi_hex_kg_key must be 40 hexadecimal characters.")
    return key

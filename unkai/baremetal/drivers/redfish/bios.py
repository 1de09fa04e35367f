"""BIOS settings by Redfish: attributes now, the settings object for the next boot, the registry."""

from __future__ import annotations

from typing import Any

from unkai.baremetal.drivers.base import unsupported
from unkai.baremetal.drivers.redfish.client import Redfish
from unkai.baremetal.drivers.redfish.document import (
    Document,
    at,
    link,
    links,
    listed,
    text,
)
from unkai.baremetal.drivers.redfish.login import Login
from unkai.baremetal.drivers.redfish.power import RedfishDriver
from unkai.baremetal.model import Node
from unkai.kit.errors import BadRequest, Failed

FIELDS = {
    "attribute_type": "Type",
    "lower_bound": "LowerBound",
    "upper_bound": "UpperBound",
    "min_length": "MinLength",
    "max_length": "MaxLength",
    "read_only": "ReadOnly",
    "reset_required": "ResetRequired",
    "unique": "IsSystemUniqueProperty",
}
"""Ironic's names of what a registry says, and Redfish's."""
RESET = "#Bios.ResetBios"


class RedfishBios(RedfishDriver):
    def __init__(self, redfish: Redfish) -> None:
        super().__init__(redfish)
        self._registries: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}

    async def get_settings(self, node: Node) -> dict[str, dict[str, Any]]:
        login, bios = await self._bios(node)
        known = await self._registry(login, text(bios, "AttributeRegistry"))
        found: Document = at(bios, "Attributes") or {}
        return {
            name: {"value": None if value is None else str(value), **known.get(name, {})}
            for name, value in found.items()
        }

    async def apply_settings(self, node: Node, settings: dict[str, str]) -> bool:
        """They count after a reset; True unless they are so already."""
        login, bios = await self._bios(node)
        current: Document = at(bios, "Attributes") or {}
        if unknown := sorted(set(settings) - set(current)):
            raise BadRequest(f"The BIOS has no settings {', '.join(unknown)}.")
        wanted = {name: _typed(name, value, current[name]) for name, value in settings.items()}
        changed = {name: value for name, value in wanted.items() if value != current[name]}
        if not changed:
            return False
        path = link(bios, "@Redfish.Settings", "SettingsObject") or link(bios)
        await self._redfish.patch(login, path, {"Attributes": changed}, "change BIOS settings")
        return True

    async def factory_reset(self, node: Node) -> bool:
        login, bios = await self._bios(node)
        target = text(bios, "Actions", RESET, "target")
        if not target:
            raise unsupported(node, "a factory reset of the BIOS on this BMC")
        await self._redfish.post(login, target, {}, "reset the BIOS")
        return True

    async def _bios(self, node: Node) -> tuple[Login, Document]:
        login, system = await self._system(node)
        path = link(system, "Bios")
        if not path:
            raise unsupported(node, "BIOS settings on this BMC")
        return login, await self._redfish.get(login, path)

    async def _registry(self, login: Login, name: str) -> dict[str, dict[str, Any]]:
        """What the service's registry says of each attribute; read once, {} where it has none."""
        key = (login.address, name)
        if name and key not in self._registries:
            try:
                self._registries[key] = await self._read_registry(login, name)
            except Failed:
                self._registries[key] = {}
        return self._registries.get(key, {})

    async def _read_registry(self, login: Login, name: str) -> dict[str, dict[str, Any]]:
        root = await self._redfish.get(login, f"{login.root}/")
        if not link(root, "Registries"):
            return {}
        for path in links(await self._redfish.get(login, link(root, "Registries")), "Members"):
            if "Attribute" not in path:
                continue
            file = await self._redfish.get(login, path)
            places = sorted(listed(file, "Location"), key=lambda one: text(one, "Language") != "en")
            if not places:
                continue
            registry = await self._redfish.get(login, text(places[0], "Uri"))
            if name in (text(registry, "Id"), text(file, "Registry"), text(file, "Id")):
                entries = listed(registry, "RegistryEntries", "Attributes")
                return {text(one, "AttributeName"): _told(one) for one in entries}
        return {}


def _told(entry: Document) -> dict[str, Any]:
    told = {ours: at(entry, theirs) for ours, theirs in FIELDS.items()}
    values = [text(one, "ValueName") for one in listed(entry, "Value")]
    return {**told, "allowable_values": values or None}


def _typed(name: str, value: str, current: object) -> object:
    """A setting as the BIOS counts it, told by what it has now."""
    if isinstance(current, bool):
        if str(value).lower() in ("true", "false"):
            return str(value).lower() == "true"
        raise BadRequest(f"The BIOS setting {name} is true or false, not {value!r}.")
    if isinstance(current, int):
        try:
            return int(value)
        except ValueError as error:
            raise BadRequest(f"The BIOS setting {name} is a number, not {value!r}.") from error
    return str(value)

"""What a node says it can do and how it should boot: `capabilities`, as properties and instance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from unkai.baremetal.model import Node

BIOS, UEFI = "bios", "uefi"


def capability(node: Node, name: str) -> str | None:
    """The instance's wish first, then what the node's properties tell."""
    for source in (node.instance_info, node.properties):
        if value := capabilities_of(source.get("capabilities")).get(name):
            return value
    return None


def boot_mode(node: Node) -> str:
    """How the node is to boot: bios or uefi. Wish, property, what was last seen, then uefi."""
    found = capability(node, "boot_mode") or node.boot_mode or UEFI
    return BIOS if found.lower() in (BIOS, "legacy") else UEFI


def capabilities_of(value: object) -> dict[str, str]:
    """`boot_mode:uefi,boot_option:local` as clients write it, or a mapping already."""
    if isinstance(value, Mapping):
        known = cast("Mapping[str, Any]", value)
        return {str(name): str(text) for name, text in known.items()}
    pairs = (word.partition(":") for word in str(value or "").split(","))
    return {name.strip(): text.strip() for name, _, text in pairs if text}

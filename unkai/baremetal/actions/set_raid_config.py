"""What a node's disks shall be grouped into at its next cleaning, and what they are since."""

from __future__ import annotations

from typing import Any

import msgspec

from unkai.baremetal.actions.find_node import free_node, transact_when_free
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store import nodes
from unkai.kit.clock import iso
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Failed, NotFound
from unkai.kit.policy import Caller


async def set_raid_config(
    baremetal: Baremetal, caller: Caller, ident: str, config: dict[str, Any]
) -> None:
    """config: {"logical_disks": [...]}, or nothing. NotFound where the node cannot do RAID."""

    async def write(tx: Tx) -> None:
        node = await free_node(baremetal, tx, caller, ident, "baremetal:node:set_raid_state")
        if node.interface("raid") == "no-raid":
            raise NotFound(
                f"Driver {node.driver} does not support raid (disabled or not implemented).",
                code="raid-unsupported",
            )
        disks: list[dict[str, Any]] = config.get("logical_disks") or []
        if sum(bool(disk.get("is_root_volume")) for disk in disks) > 1:
            raise BadRequest("Only one logical disk can be the root volume.", code="raid-config")
        now = baremetal.kit.clock.now()
        await nodes.change_node(tx, node, now, target_raid_config=config)

    await transact_when_free(baremetal, write)


async def keep_raid_config(baremetal: Baremetal, uuid: str, step: str, told: Any) -> None:
    """What the agent made by a step of the interface raid; where it shall boot from follows.

    told: {"logical_disks": [...]} of create_configuration; anything of the others.
    """
    disks = _disks(told) if step == "create_configuration" else []

    async def write(tx: Tx) -> None:
        node = await nodes.get_node(tx, uuid)
        assert node is not None
        now = baremetal.kit.clock.now()
        properties = dict(node.properties)
        before: list[dict[str, Any]] = node.raid_config.get("logical_disks") or []
        for disk in before:
            if properties.get("root_device") == disk.get("root_device_hint"):
                properties.pop("root_device", None)
        root = next((disk for disk in disks if disk.get("is_root_volume")), None)
        if root is not None:
            properties["root_device"] = root["root_device_hint"]
            properties["local_gb"] = str(max(int(root["size_gb"]), 1))
        made: dict[str, Any] = {"logical_disks": disks, "last_updated": iso(now)} if disks else {}
        await nodes.change_node(tx, node, now, raid_config=made, properties=properties)

    await baremetal.kit.database.transact(write)


def _disks(told: Any) -> list[dict[str, Any]]:
    """An agent's list, as far as it is one."""
    try:
        return msgspec.convert(told["logical_disks"], list[dict[str, Any]])
    except (TypeError, KeyError, msgspec.ValidationError) as error:
        raise Failed(
            f"The agent's answer to create_configuration is not understood: {told!r:.200}",
            code="agent-command",
        ) from error

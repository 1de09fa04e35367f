"""What a node's disks shall be grouped into at its next cleaning."""

from __future__ import annotations

from typing import Any

from unkai.baremetal.actions.find_node import free_node, transact_when_free
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store import nodes
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, NotFound
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

"""An empty port group is forgotten."""

from __future__ import annotations

from unkai.baremetal.actions.find_below import find_below
from unkai.baremetal.actions.find_node import not_busy, transact_when_free
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store.portgroups import PORTGROUPS
from unkai.baremetal.store.ports import members_of
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest
from unkai.kit.policy import Caller


async def delete_portgroup(baremetal: Baremetal, caller: Caller, ident: str) -> None:
    async def write(tx: Tx) -> None:
        group, node = await find_below(
            tx, caller, PORTGROUPS, ident, noun="portgroup", rule="portgroup:delete"
        )
        await not_busy(baremetal, tx, node)
        if await members_of(tx, group.uuid):
            raise BadRequest(
                "Cannot complete the requested action because portgroup "
                f"{group.uuid} contains ports.",
                code="portgroup-not-empty",
            )
        await PORTGROUPS.remove(tx, group.uuid)

    await transact_when_free(baremetal, write)

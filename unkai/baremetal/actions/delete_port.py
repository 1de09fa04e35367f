"""A NIC is forgotten."""

from __future__ import annotations

from unkai.baremetal.actions.attach_vif import TENANT
from unkai.baremetal.actions.find_below import find_below
from unkai.baremetal.actions.find_node import not_busy, transact_when_free
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store.ports import PORTS
from unkai.kit.db import Tx
from unkai.kit.errors import Conflict
from unkai.kit.policy import Caller


async def delete_port(baremetal: Baremetal, caller: Caller, uuid: str) -> None:
    async def write(tx: Tx) -> None:
        port, node = await find_below(tx, caller, PORTS, uuid, noun="port", rule="port:delete")
        await not_busy(baremetal, tx, node)
        vif = port.internal_info.get(TENANT)
        if vif and not node.maintenance:
            raise Conflict(
                f"Cannot delete the port {port.uuid} as it is bound to VIF {vif} for use.",
                code="port-in-use",
            )
        await PORTS.remove(tx, port.uuid)

    await transact_when_free(baremetal, write)

"""Change a machine's boot mode, or whether it boots signed software only, through its BMC."""

from __future__ import annotations

from typing import Any

from unkai.baremetal.actions.begin_task import begin_task, fail_task, write_node
from unkai.baremetal.actions.change_state import node_of
from unkai.baremetal.model import Node
from unkai.baremetal.service import Baremetal
from unkai.baremetal.states import FAILED, RESTING
from unkai.kit.db import Tx
from unkai.kit.errors import Conflict
from unkai.kit.operations import Operation, Result, Run, Step
from unkai.kit.policy import Caller
from unkai.timeline import model as who


def _steady(baremetal: Baremetal, node: Node) -> dict[str, Any]:
    if node.provision_state not in RESTING | FAILED:
        raise Conflict(
            f"Node {node.uuid} is in {node.provision_state}: while it is transitioning its boot "
            "mode is not changed. Try again later.",
            code="node-in-transition",
        )
    baremetal.management(node).validate(node)
    return {}


async def set_boot_mode(
    baremetal: Baremetal, caller: Caller, ident: str, target: str, *, request_id: str
) -> None:
    """target: bios or uefi."""
    await begin_task(
        baremetal,
        caller,
        ident,
        "baremetal:node:set_boot_mode",
        SET_BOOT_MODE,
        check=lambda node: _steady(baremetal, node),
        input={"target": target},
        request_id=request_id,
    )


async def set_secure_boot(
    baremetal: Baremetal, caller: Caller, ident: str, *, on: bool, request_id: str
) -> None:
    await begin_task(
        baremetal,
        caller,
        ident,
        "baremetal:node:set_secure_boot",
        SET_SECURE_BOOT,
        check=lambda node: _steady(baremetal, node),
        input={"target": on},
        request_id=request_id,
    )


async def change_boot_mode(baremetal: Baremetal, run: Run) -> Result:
    node = await node_of(baremetal, run)
    target: str = run.input["target"]
    await baremetal.management(node).set_boot_mode(node, target)

    async def write(tx: Tx) -> None:
        await write_node(baremetal, tx, run, boot_mode=target)

    return Result(write=write)


async def change_secure_boot(baremetal: Baremetal, run: Run) -> Result:
    node = await node_of(baremetal, run)
    on: bool = run.input["target"]
    await baremetal.management(node).set_secure_boot(node, on=on)

    async def write(tx: Tx) -> None:
        await write_node(baremetal, tx, run, secure_boot=on)

    return Result(write=write)


SET_BOOT_MODE = Operation(
    "set-boot-mode", Step(change_boot_mode, who.BARE_METAL_NODE_BMC), failed=fail_task
)
SET_SECURE_BOOT = Operation(
    "set-secure-boot", Step(change_secure_boot, who.BARE_METAL_NODE_BMC), failed=fail_task
)

"""bios.apply_configuration and bios.factory_reset: steps that the BMC does, not the agent.

A BIOS takes its settings at the next start, so the machine restarts into the ramdisk; what it is
set to then is read again, shown from then on, and compared with what was asked for.
"""

from __future__ import annotations

from typing import Any

import msgspec

from unkai.baremetal.actions.agent_session import (
    await_agent,
    change_internal,
    prepare_ramdisk,
    switch_power,
)
from unkai.baremetal.model import Node, PowerState
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store.bios_settings import save_bios_settings
from unkai.kit.errors import BadRequest, Failed, Fault
from unkai.kit.log import log
from unkai.kit.operations import Run, Wait

APPLY, RESET = "apply_configuration", "factory_reset"
Settings = dict[str, dict[str, Any]]


class Setting(msgspec.Struct):
    name: str
    value: str | int | bool


class Asked(msgspec.Struct):
    """The arguments of apply_configuration."""

    settings: list[Setting]


def bios_steps(baremetal: Baremetal, node: Node) -> list[dict[str, Any]]:
    """Those that the node's bios interface can do; none runs unless it is asked for."""
    if node.interface("bios") not in baremetal.drivers.bios:
        return []
    return [{"interface": "bios", "step": step, "priority": 0} for step in (APPLY, RESET)]


async def run_bios_step(
    baremetal: Baremetal, run: Run, node: Node, step: dict[str, Any], at: int
) -> Wait | None:
    """at: the step's number in the run; called again until it returns None."""
    key = f"{run.id}/{at}"
    wanted = _wanted(step)
    state: dict[str, Any] = node.driver_internal_info.get("bios_step") or {}
    if state.get("key") != key:
        bios = baremetal.bios(node)
        restarts = (
            await bios.factory_reset(node)
            if step["step"] == RESET
            else await bios.apply_settings(node, wanted)
        )
        state = {"key": key, "restarts": restarts, "started": not restarts}
        await change_internal(baremetal, node.uuid, bios_step=state)
    if not state["started"]:
        await switch_power(baremetal, node, PowerState.OFF)
        await prepare_ramdisk(baremetal, run)
        await switch_power(baremetal, node, PowerState.ON)
        state = {**state, "started": True}
        await change_internal(baremetal, node.uuid, bios_step=state)
    if state["restarts"]:
        waits = await await_agent(baremetal, run)
        if waits is not None:
            return waits
    await _look(baremetal, node, wanted)
    await change_internal(baremetal, node.uuid, drop=("bios_step",))
    return None


def _wanted(step: dict[str, Any]) -> dict[str, str]:
    """Of apply_configuration's `settings`: [{"name": ..., "value": ...}]."""
    if step["step"] != APPLY:
        return {}
    try:
        asked = msgspec.convert(step.get("args"), Asked)
    except msgspec.ValidationError as error:
        raise BadRequest(
            f"bios.{APPLY} takes settings, a list of objects with a name and a value.",
            code="step-args",
        ) from error
    return {one.name: str(one.value) for one in asked.settings}


async def _look(baremetal: Baremetal, node: Node, wanted: dict[str, str]) -> None:
    settings = await baremetal.bios(node).get_settings(node)
    now = baremetal.kit.clock.now()
    await baremetal.kit.database.transact(
        lambda tx: save_bios_settings(tx, node.uuid, settings, now)
    )
    found = {name: (settings.get(name) or {}).get("value") for name in wanted}
    odd = [f"{name} is {found[name]}" for name, value in wanted.items() if found[name] != value]
    if odd:
        raise Failed(
            f"The BIOS of node {node.uuid} did not take its settings: {', '.join(odd)}.",
            code="bios-not-applied",
        )


async def read_bios(baremetal: Baremetal, node: Node) -> Settings | None:
    """None where its BMC does not tell: a node can be managed without."""
    bios = baremetal.drivers.bios.get(node.interface("bios"))
    if bios is None:
        return None
    try:
        return await bios.get_settings(node)
    except Fault as fault:
        log.warning("no BIOS settings", node=node.uuid, error=fault.public)
        return None

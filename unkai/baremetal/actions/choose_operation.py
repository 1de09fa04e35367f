"""Which operation a verb is on this node: with an agent's ramdisk, or without.

Every kind is listed in ALL, for the runner must know it after a restart too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unkai.baremetal.actions.abort_node import ABORT_NODE
from unkai.baremetal.actions.adopt_node import ADOPT_NODE
from unkai.baremetal.actions.clean_node import CLEAN_NODE, CLEAN_WITHOUT_RAMDISK
from unkai.baremetal.actions.deploy_node import BOOT_NODE, DEPLOY_NODE
from unkai.baremetal.actions.inspect_node import INSPECT_BY_BMC, INSPECT_NODE
from unkai.baremetal.actions.manage_node import MANAGE_NODE
from unkai.baremetal.actions.rescue_node import RESCUE_NODE, RESCUE_PLAYED, UNRESCUE_NODE
from unkai.baremetal.actions.run_steps import cleans
from unkai.baremetal.actions.service_node import SERVICE_NODE, SERVICE_WITHOUT_RAMDISK
from unkai.baremetal.actions.undeploy_node import UNDEPLOY_NODE, UNDEPLOY_UNCLEANED
from unkai.baremetal.model import Node
from unkai.baremetal.service import Baremetal
from unkai.baremetal.states import Event
from unkai.kit.operations import Operation

ALL = (
    ABORT_NODE,
    ADOPT_NODE,
    BOOT_NODE,
    CLEAN_NODE,
    CLEAN_WITHOUT_RAMDISK,
    DEPLOY_NODE,
    INSPECT_BY_BMC,
    INSPECT_NODE,
    MANAGE_NODE,
    RESCUE_NODE,
    RESCUE_PLAYED,
    SERVICE_NODE,
    SERVICE_WITHOUT_RAMDISK,
    UNDEPLOY_NODE,
    UNDEPLOY_UNCLEANED,
    UNRESCUE_NODE,
)
ALWAYS = {
    Event.MANAGE: MANAGE_NODE,
    Event.ADOPT: ADOPT_NODE,
    Event.UNRESCUE: UNRESCUE_NODE,
    Event.ABORT: ABORT_NODE,
}
EITHER = {
    Event.CLEAN: (CLEAN_NODE, CLEAN_WITHOUT_RAMDISK),
    Event.DEPLOY: (DEPLOY_NODE, BOOT_NODE),
    Event.REBUILD: (DEPLOY_NODE, BOOT_NODE),
    Event.DELETE: (UNDEPLOY_NODE, UNDEPLOY_UNCLEANED),
    Event.INSPECT: (INSPECT_NODE, INSPECT_BY_BMC),
    Event.RESCUE: (RESCUE_NODE, RESCUE_PLAYED),
    Event.SERVICE: (SERVICE_NODE, SERVICE_WITHOUT_RAMDISK),
}
"""With a ramdisk, and without."""


def choose_operation(
    baremetal: Baremetal,
    node: Node,
    event: Event,
    input: Mapping[str, Any],
    *,
    from_volume: bool = False,
) -> Operation | None:
    """None: `provide` of a node that is not cleaned is no work, only a word.

    from_volume: nothing is written to its disk.
    """
    if event in ALWAYS:
        return ALWAYS[event]
    if event == Event.PROVIDE:
        return CLEAN_NODE if cleans(baremetal, node) else None
    with_ramdisk, without = EITHER[event]
    if from_volume and event in (Event.DEPLOY, Event.REBUILD):
        return without
    return with_ramdisk if _needs_ramdisk(baremetal, node, event, input) else without


def _needs_ramdisk(
    baremetal: Baremetal, node: Node, event: Event, input: Mapping[str, Any]
) -> bool:
    if event == Event.INSPECT:
        return baremetal.inspect(node).uses_agent
    if event == Event.RESCUE:
        return node.interface("rescue") == "agent"
    if event == Event.DELETE:
        return cleans(baremetal, node)
    return baremetal.deploy(node).uses_agent and not input.get("disable_ramdisk")

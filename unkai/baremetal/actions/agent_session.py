"""A machine works for us: it boots our ramdisk, its agent calls, and at the end it is off again.

Cleaning, deploying, inspecting, rescuing and servicing all begin with these steps and take them
back by the same undos. The node waits (`clean wait`, `wait call-back`, ...) from its power on to
the end of the agent's work, so that it can be aborted at any moment of it.

What the session knows lies in `driver_internal_info`: agent_url, agent_last_heartbeat,
agent_version; it is emptied when the next ramdisk is prepared, and the agent's token with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from unkai.baremetal.actions.change_state import move_node, node_of, node_uuid_of
from unkai.baremetal.actions.expect_next import how_far
from unkai.baremetal.drivers.agent_logs import readable
from unkai.baremetal.drivers.base import Ramdisk
from unkai.baremetal.drivers.node_logs import AGENT, MOST_BYTES
from unkai.baremetal.model import Node, Port, PowerState
from unkai.baremetal.service import Baremetal
from unkai.baremetal.states import WAITING, Event
from unkai.baremetal.store import nodes
from unkai.baremetal.store.ports import ports_of
from unkai.kit.db import Tx
from unkai.kit.errors import Failed, Fault, Unavailable
from unkai.kit.log import log
from unkai.kit.operations import Result, Retry, Run, Step, Wait
from unkai.timeline import model as who
from unkai.timeline.actions.read import read_timeline

PURPOSES = {
    "clean-node": ("clean", "cleaning"),
    "undeploy-node": ("clean", "cleaning"),
    "deploy-node": ("deploy", "provisioning"),
    "inspect-node": ("inspect", "inspection"),
    "rescue-node": ("rescue", "rescuing"),
    "unrescue-node": ("rescue", "rescuing"),
    "service-node": ("service", "servicing"),
}
"""Of an operation: the ramdisk's mode, and the network it boots on."""
HEARTBEAT = "agent.heartbeat"
AGENT_FIELDS = (
    "agent_url",
    "agent_last_heartbeat",
    "agent_refused_at",
    "agent_version",
    "agent_restarted",
    "agent_command",
    "agent_verify_ca",
)


async def pxe_ports(baremetal: Baremetal, node: Node) -> Sequence[Port]:
    found = await ports_of(baremetal.kit.database.reader, node.uuid)
    return [port for port in found if port.pxe_enabled]


async def change_internal(
    baremetal: Baremetal, uuid: str, drop: Sequence[str] = (), **values: Any
) -> None:
    """Change keys of driver_internal_info in a transaction of its own."""

    async def write(tx: Tx) -> None:
        node = await nodes.get_node(tx, uuid)
        assert node is not None
        kept = {k: v for k, v in node.driver_internal_info.items() if k not in drop}
        now = baremetal.kit.clock.now()
        await nodes.change_node(tx, node, now, driver_internal_info={**kept, **values})

    await baremetal.kit.database.transact(write)


# --- steps


async def plug_network(baremetal: Baremetal, run: Run) -> dict[str, str]:
    """Onto the network that the ramdisk boots from."""
    node = await node_of(baremetal, run)
    _, network = PURPOSES[run.kind]
    return await baremetal.wires(node).plug(node, await pxe_ports(baremetal, node), network)


async def unplug_network(baremetal: Baremetal, run: Run) -> None:
    node = await node_of(baremetal, run)
    _, network = PURPOSES[run.kind]
    await baremetal.wires(node).unplug(node, await pxe_ports(baremetal, node), network)


async def prepare_ramdisk(baremetal: Baremetal, run: Run) -> None:
    """Boot files and boot device; whatever an earlier agent knew is worth nothing from now on."""
    node = await node_of(baremetal, run)
    await forget_agent(baremetal, node.uuid)
    await asyncio.to_thread(baremetal.consoles.logs.turn_page, node.uuid)
    mode, _ = PURPOSES[run.kind]
    info = node.driver_info
    named = mode == "rescue" and (info.get("rescue_ramdisk") or info.get("rescue_iso"))
    role = "rescue" if named else "deploy"
    ramdisk = Ramdisk(
        mode=mode,
        kernel=str(info.get(f"{role}_kernel") or ""),
        initramfs=str(info.get(f"{role}_ramdisk") or ""),
        iso=str(info.get(f"{role}_iso") or ""),
    )
    await baremetal.boot(node).prepare_ramdisk(node, await pxe_ports(baremetal, node), ramdisk)


async def forget_agent(baremetal: Baremetal, uuid: str) -> None:
    """The next agent is a new one: its first lookup gives it a token of its own."""

    async def write(tx: Tx) -> None:
        node = await nodes.get_node(tx, uuid)
        assert node is not None
        info = {k: v for k, v in node.driver_internal_info.items() if k not in AGENT_FIELDS}
        now = baremetal.kit.clock.now()
        await nodes.change_node(tx, node, now, agent_token=None, driver_internal_info=info)

    await baremetal.kit.database.transact(write)


async def clean_up_ramdisk(baremetal: Baremetal, run: Run) -> None:
    node = await node_of(baremetal, run)
    await baremetal.boot(node).clean_up_ramdisk(node, await pxe_ports(baremetal, node))


async def power_on_ramdisk(baremetal: Baremetal, run: Run) -> Result:
    """From here on the node waits for its agent."""
    node = await node_of(baremetal, run)
    if node.provision_state not in WAITING:
        await switch_power(baremetal, node, PowerState.OFF)
        await forget_agent(baremetal, node.uuid)  # this step may have run before a crash
    await switch_power(baremetal, node, PowerState.ON)

    async def write(tx: Tx) -> None:
        if node.provision_state not in WAITING:
            await move_node(baremetal, tx, node.uuid, Event.WAIT, power_state=PowerState.ON)

    return Result(write=write)


async def power_off(baremetal: Baremetal, run: Run) -> None:
    node = await node_of(baremetal, run)
    await switch_power(baremetal, node, PowerState.OFF)
    await record_power(baremetal, node.uuid, PowerState.OFF)


async def power_back(baremetal: Baremetal, run: Run) -> None:
    """The way back from having switched it on.

    A BMC that does not obey holds up no failed node: its machine is off every network in a moment,
    and the power sync goes on telling it.
    """
    node = await node_of(baremetal, run)
    try:
        await switch_power(baremetal, node, PowerState.OFF)
    except Fault as fault:
        log.warning("a machine stays on for now", node=node.uuid, error=fault.message)
    await record_power(baremetal, node.uuid, PowerState.OFF)


async def switch_power(baremetal: Baremetal, node: Node, target: PowerState) -> None:
    """Reads before it acts, and waits until the BMC says that it is so."""
    power = baremetal.power(node)
    if await power.get_power_state(node) == target:
        return
    if target == PowerState.OFF and node.disable_power_off:
        raise Failed(
            f"Node {node.uuid} must not be powered off (disable_power_off).",
            code="power-off-disabled",
        )
    await power.set_power_state(node, target)
    clock = baremetal.kit.clock
    until = clock.monotonic() + baremetal.settings.power_timeout_s
    while (found := await power.get_power_state(node)) != target:
        if clock.monotonic() > until:
            raise Failed(
                f'The BMC of node {node.uuid} took "{target}" but still says "{found}" after '
                f"{baremetal.settings.power_timeout_s} s.",
                code="power-not-reached",
                remedy="Look at the machine and its BMC; then try again.",
            )
        await clock.sleep(0.5)


async def record_power(baremetal: Baremetal, uuid: str, state: PowerState) -> None:
    async def write(tx: Tx) -> None:
        node = await nodes.get_node(tx, uuid)
        assert node is not None
        now = baremetal.kit.clock.now()
        await nodes.change_node(tx, node, now, power_state=state, power_changed_at=now)

    await baremetal.kit.database.transact(write)


async def await_agent(baremetal: Baremetal, run: Run) -> Wait | None:
    """Until the first heartbeat of this boot."""
    node = await node_of(baremetal, run)
    if node.driver_internal_info.get("agent_url"):
        return None
    timeout_s = baremetal.settings.agent_timeout_s
    kit = baremetal.kit
    seen = await read_timeline(kit.database.reader, kit.clock, run.subject)
    came = how_far(node, seen.events, kit.clock.now())
    return Wait(
        HEARTBEAT,
        node.uuid,
        timeout_s,
        f"The agent of node {node.uuid} did not call within {timeout_s} s. "
        + (came or "Nothing was seen of the machine."),
    )


async def keep_agent_log(baremetal: Baremetal, run: Run) -> None:
    """Before a failed machine is switched off: what its agent saw. Never in the way.

    Its console's log is kept beside it, beyond the next boot.
    """
    node = await node_of(baremetal, run)
    kept = baremetal.consoles.logs
    await asyncio.to_thread(kept.keep_failure, node.uuid)
    if not node.driver_internal_info.get("agent_url"):
        return
    try:
        logs = await baremetal.agent.ask(node, "log.collect_system_logs", {})
        text = await asyncio.to_thread(readable, str(logs.get("system_logs") or ""), MOST_BYTES)
        if text:
            await asyncio.to_thread(kept.replace, node.uuid, AGENT, text)
    except Fault as fault:
        log.info("no log of the agent", node=node.uuid, error=fault.message)


async def run_command(
    baremetal: Baremetal,
    run: Run,
    node: Node,
    *,
    key: str,
    command: str,
    params: dict[str, Any],
    timeout_s: float = 3600.0,
) -> dict[str, Any] | Wait:
    """A long command of the agent's, begun once: its result, or Wait while it runs.

    key: names this command among the operation's; after a crash the same one is found again. A
    machine that restarted in the middle has lost it: Failed (code "machine-restarted").
    """
    check_restarted(node)
    begun = node.driver_internal_info.get("agent_command")
    try:
        if not begun or begun.get("key") != f"{run.id}/{key}":
            before = [one.id for one in await baremetal.agent.commands(node)]
            note = {"key": f"{run.id}/{key}", "before": before, "id": None}
            await change_internal(baremetal, node.uuid, agent_command=note)
            started = await baremetal.agent.start(node, command, params)
            await change_internal(baremetal, node.uuid, agent_command={**note, "id": started.id})
            found = started
        else:
            told = await baremetal.agent.commands(node)
            new = [
                one
                for one in told
                if one.id == begun["id"] or (begun["id"] is None and one.id not in begun["before"])
            ]
            if new:
                found = new[-1]
            else:
                found = await baremetal.agent.start(node, command, params)
                note = {**begun, "id": found.id}
                await change_internal(baremetal, node.uuid, agent_command=note)
    except Unavailable as away:
        raise await _silence(baremetal, node, away) from away
    if found.status == "RUNNING":
        return Wait(
            HEARTBEAT,
            node.uuid,
            timeout_s,
            f"The agent of node {node.uuid} has not finished {command} within {timeout_s:.0f} s.",
        )
    if found.status != "SUCCEEDED":
        raise Failed(
            f"The agent of node {node.uuid} failed at {command}: {found.error or found.status}",
            code="agent-command",
        )
    return found.result


async def _silence(baremetal: Baremetal, node: Node, away: Unavailable) -> Exception:
    """What an agent's silence means: nothing yet, or that its machine is off or has died."""
    try:
        power = await baremetal.power(node).get_power_state(node)
    except Fault:
        power = None  # the BMC is silent, too
    if power == PowerState.OFF:
        return Failed(
            f"Node {node.uuid} is off in the middle of the work: its power was lost, or somebody "
            "switched it off.",
            code="machine-off",
            remedy="Look at the machine's power, then try again.",
        )
    heard_at = node.driver_internal_info.get("agent_last_heartbeat")
    silent_s = baremetal.kit.clock.now() - (heard_at or baremetal.kit.clock.now())
    if silent_s > baremetal.settings.heartbeat_timeout_s:
        return Failed(
            f"{away.message} It was last heard of {silent_s:.0f} s ago.",
            code="agent-silent",
            remedy=f"Look at the console of the machine; `unkai timeline {node.uuid}` shows the "
            "rest.",
        )
    return Retry(away.message, 2.0)


def check_restarted(node: Node) -> None:
    if node.driver_internal_info.get("agent_restarted"):
        raise Failed(
            f"Node {node.uuid} restarted in the middle of the work: its agent has called as if for "
            "the first time. Was its power lost?",
            code="machine-restarted",
            remedy="Look at the machine's power, then try again.",
        )


async def resume(baremetal: Baremetal, run: Run) -> Result:
    """The agent's part is done; no abort from here on."""

    async def write(tx: Tx) -> None:
        node = await nodes.get_node(tx, node_uuid_of(run))
        assert node is not None
        if node.provision_state in WAITING:
            await move_node(baremetal, tx, node.uuid, Event.RESUME)

    return Result(write=write)


async def end_session(baremetal: Baremetal, run: Run) -> None:
    """Off, no boot files, no network: as the undos would leave it."""
    await power_off(baremetal, run)
    await clean_up_ramdisk(baremetal, run)
    await unplug_network(baremetal, run)


def session() -> tuple[Step, ...]:
    """The steps that bring a machine's agent up."""
    return (
        Step(plug_network, who.NEUTRON_API, undo=unplug_network),
        Step(prepare_ramdisk, who.IRONIC_PROVISIONER, undo=clean_up_ramdisk),
        Step(power_on_ramdisk, who.BARE_METAL_NODE_BMC, undo=power_back),
        Step(await_agent, who.BARE_METAL_NODE, undo=keep_agent_log, interruptible=True),
    )

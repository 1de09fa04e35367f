"""The states of a server, and which verb may lead from which to which.

vm_state is what a server rests in, task_state what is being done to it, power_state what its
process does; the API's `status` follows from the first two. A verb is a line of VERBS: nothing else
decides what may be done when.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from unkai.hypervisor.model import PowerState as HostPower
from unkai.kit.errors import Conflict


class VmState(StrEnum):
    BUILDING = "building"
    ACTIVE = "active"
    PAUSED = "paused"
    SUSPENDED = "suspended"
    STOPPED = "stopped"
    ERROR = "error"
    DELETED = "deleted"


class TaskState(StrEnum):
    SCHEDULING = "scheduling"
    NETWORKING = "networking"
    SPAWNING = "spawning"
    POWERING_ON = "powering-on"
    POWERING_OFF = "powering-off"
    REBOOTING = "rebooting"
    REBOOTING_HARD = "rebooting_hard"
    PAUSING = "pausing"
    UNPAUSING = "unpausing"
    SUSPENDING = "suspending"
    RESUMING = "resuming"
    REBUILDING = "rebuilding"
    DELETING = "deleting"


class Power(IntEnum):
    """The API's numbers."""

    NOSTATE = 0
    RUNNING = 1
    PAUSED = 3
    SHUTDOWN = 4
    CRASHED = 6
    SUSPENDED = 7


POWER = {
    HostPower.RUNNING: Power.RUNNING,
    HostPower.PAUSED: Power.PAUSED,
    HostPower.STOPPED: Power.SHUTDOWN,
    HostPower.CRASHED: Power.CRASHED,
    HostPower.MISSING: Power.NOSTATE,
}

ANY_RESTING = frozenset(
    {VmState.ACTIVE, VmState.PAUSED, VmState.SUSPENDED, VmState.STOPPED, VmState.ERROR}
)


@dataclass(frozen=True, slots=True)
class Verb:
    """name: as Nova words it in a refusal. action: as os-instance-actions lists it.

    leads_to: the vm_state at its end; None keeps the one the server was in.
    during: the status shown meanwhile, where it is another than that of the vm_state.
    """

    name: str
    action: str
    allowed: frozenset[VmState]
    task: TaskState
    leads_to: VmState | None
    during: str | None = None


START = Verb("start", "start", frozenset({VmState.STOPPED}), TaskState.POWERING_ON, VmState.ACTIVE)
STOP = Verb(
    "stop",
    "stop",
    frozenset({VmState.ACTIVE, VmState.ERROR}),
    TaskState.POWERING_OFF,
    VmState.STOPPED,
)
REBOOT_SOFT = Verb(
    "reboot",
    "reboot",
    frozenset({VmState.ACTIVE}),
    TaskState.REBOOTING,
    VmState.ACTIVE,
    during="REBOOT",
)
REBOOT_HARD = Verb(
    "reboot",
    "reboot",
    ANY_RESTING,
    TaskState.REBOOTING_HARD,
    VmState.ACTIVE,
    during="HARD_REBOOT",
)
PAUSE = Verb("pause", "pause", frozenset({VmState.ACTIVE}), TaskState.PAUSING, VmState.PAUSED)
UNPAUSE = Verb(
    "unpause", "unpause", frozenset({VmState.PAUSED}), TaskState.UNPAUSING, VmState.ACTIVE
)
SUSPEND = Verb(
    "suspend", "suspend", frozenset({VmState.ACTIVE}), TaskState.SUSPENDING, VmState.SUSPENDED
)
RESUME = Verb(
    "resume", "resume", frozenset({VmState.SUSPENDED}), TaskState.RESUMING, VmState.ACTIVE
)
REBUILD = Verb(
    "rebuild",
    "rebuild",
    frozenset({VmState.ACTIVE, VmState.STOPPED, VmState.ERROR}),
    TaskState.REBUILDING,
    None,
    during="REBUILD",
)

VERBS = (START, STOP, REBOOT_SOFT, REBOOT_HARD, PAUSE, UNPAUSE, SUSPEND, RESUME, REBUILD)

STATUS = {
    VmState.BUILDING: "BUILD",
    VmState.ACTIVE: "ACTIVE",
    VmState.PAUSED: "PAUSED",
    VmState.SUSPENDED: "SUSPENDED",
    VmState.STOPPED: "SHUTOFF",
    VmState.ERROR: "ERROR",
    VmState.DELETED: "DELETED",
}
_DURING = {verb.task.value: verb.during for verb in VERBS if verb.during}


def status_of(vm_state: str, task_state: str | None) -> str:
    """The API's `status`."""
    if task_state is not None:
        during = _DURING.get(task_state)
        if during is not None:
            return during
    return STATUS[VmState(vm_state)]


def states_of_status(status: str) -> tuple[frozenset[str], frozenset[str], frozenset[str]] | None:
    """How servers of a `status` are found; None if there is no such status.

    (vm_states, task_states that they must be in or empty, task_states that they must not be in).
    """
    wanted = status.upper()
    tasks = frozenset(task for task, shown in _DURING.items() if shown == wanted)
    if tasks:
        return frozenset(), tasks, frozenset()
    for vm_state, shown in STATUS.items():
        if shown == wanted:
            return frozenset({vm_state.value}), frozenset(), frozenset(_DURING)
    return None


def check(verb: Verb, server_id: str, vm_state: str, task_state: str | None) -> None:
    """Conflict, in Nova's words, where the verb may not be done now."""
    if vm_state not in verb.allowed:
        raise refusal(verb.name, server_id, "vm_state", vm_state)
    if task_state is not None:
        raise refusal(verb.name, server_id, "task_state", task_state)


def refusal(name: str, server_id: str, attribute: str, value: str) -> Conflict:
    return Conflict(
        f"Cannot '{name}' instance {server_id} while it is in {attribute} {value}",
        code="server-state",
    )

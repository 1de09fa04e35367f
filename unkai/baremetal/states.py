"""The provision states of a node, and which event leads from which to which.

A verb that a user may PUT, and what the work on a node tells (done, fail, wait, resume, hold), are
both events of one table; diagrams and tests are made from it. The words are the API's.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from unkai.baremetal.model import State
from unkai.kit.errors import BadRequest, Conflict


class Event(StrEnum):
    """manage to unhold are verbs; the last five are told by the work itself."""

    MANAGE = "manage"
    PROVIDE = "provide"
    DEPLOY = "deploy"
    REBUILD = "rebuild"
    DELETE = "delete"
    INSPECT = "inspect"
    CLEAN = "clean"
    ABORT = "abort"
    ADOPT = "adopt"
    RESCUE = "rescue"
    UNRESCUE = "unrescue"
    SERVICE = "service"
    UNHOLD = "unhold"
    DONE = "done"
    FAIL = "fail"
    WAIT = "wait"
    RESUME = "resume"
    HOLD = "hold"


S, E = State, Event

TRANSITIONS: dict[tuple[State, Event], State] = {
    (S.ENROLL, E.MANAGE): S.VERIFYING,
    (S.VERIFYING, E.DONE): S.MANAGEABLE,
    (S.VERIFYING, E.FAIL): S.ENROLL,
    (S.MANAGEABLE, E.PROVIDE): S.CLEANING,
    (S.MANAGEABLE, E.CLEAN): S.CLEANING,
    (S.MANAGEABLE, E.INSPECT): S.INSPECTING,
    (S.MANAGEABLE, E.ADOPT): S.ADOPTING,
    (S.AVAILABLE, E.MANAGE): S.MANAGEABLE,
    (S.AVAILABLE, E.DEPLOY): S.DEPLOYING,
    # deploy
    (S.DEPLOYING, E.WAIT): S.DEPLOY_WAIT,
    (S.DEPLOYING, E.HOLD): S.DEPLOY_HOLD,
    (S.DEPLOYING, E.FAIL): S.DEPLOY_FAIL,
    (S.DEPLOYING, E.DONE): S.ACTIVE,
    (S.DEPLOY_WAIT, E.RESUME): S.DEPLOYING,
    (S.DEPLOY_WAIT, E.HOLD): S.DEPLOY_HOLD,
    (S.DEPLOY_WAIT, E.FAIL): S.DEPLOY_FAIL,
    (S.DEPLOY_WAIT, E.ABORT): S.DEPLOY_FAIL,
    (S.DEPLOY_WAIT, E.DELETE): S.DELETING,
    (S.DEPLOY_HOLD, E.UNHOLD): S.DEPLOY_WAIT,
    (S.DEPLOY_HOLD, E.ABORT): S.DEPLOY_FAIL,
    (S.DEPLOY_FAIL, E.REBUILD): S.DEPLOYING,
    (S.DEPLOY_FAIL, E.DEPLOY): S.DEPLOYING,
    (S.DEPLOY_FAIL, E.DELETE): S.DELETING,
    (S.ACTIVE, E.REBUILD): S.DEPLOYING,
    (S.ACTIVE, E.DELETE): S.DELETING,
    (S.ERROR, E.REBUILD): S.DEPLOYING,
    (S.ERROR, E.DELETE): S.DELETING,
    (S.DELETING, E.FAIL): S.ERROR,
    (S.DELETING, E.CLEAN): S.CLEANING,
    # clean
    (S.CLEANING, E.WAIT): S.CLEAN_WAIT,
    (S.CLEANING, E.HOLD): S.CLEAN_HOLD,
    (S.CLEANING, E.FAIL): S.CLEAN_FAIL,
    (S.CLEANING, E.DONE): S.AVAILABLE,
    (S.CLEANING, E.MANAGE): S.MANAGEABLE,
    (S.CLEAN_WAIT, E.RESUME): S.CLEANING,
    (S.CLEAN_WAIT, E.HOLD): S.CLEAN_HOLD,
    (S.CLEAN_WAIT, E.FAIL): S.CLEAN_FAIL,
    (S.CLEAN_WAIT, E.ABORT): S.CLEAN_FAIL,
    (S.CLEAN_HOLD, E.UNHOLD): S.CLEAN_WAIT,
    (S.CLEAN_HOLD, E.ABORT): S.CLEAN_FAIL,
    (S.CLEAN_FAIL, E.MANAGE): S.MANAGEABLE,
    # inspect
    (S.INSPECTING, E.WAIT): S.INSPECT_WAIT,
    (S.INSPECTING, E.DONE): S.MANAGEABLE,
    (S.INSPECTING, E.FAIL): S.INSPECT_FAIL,
    (S.INSPECT_WAIT, E.RESUME): S.INSPECTING,
    (S.INSPECT_WAIT, E.DONE): S.MANAGEABLE,
    (S.INSPECT_WAIT, E.FAIL): S.INSPECT_FAIL,
    (S.INSPECT_WAIT, E.ABORT): S.INSPECT_FAIL,
    (S.INSPECT_FAIL, E.INSPECT): S.INSPECTING,
    (S.INSPECT_FAIL, E.MANAGE): S.MANAGEABLE,
    # adopt
    (S.ADOPTING, E.DONE): S.ACTIVE,
    (S.ADOPTING, E.FAIL): S.ADOPT_FAIL,
    (S.ADOPT_FAIL, E.ADOPT): S.ADOPTING,
    (S.ADOPT_FAIL, E.MANAGE): S.MANAGEABLE,
    # rescue
    (S.ACTIVE, E.RESCUE): S.RESCUING,
    (S.RESCUING, E.WAIT): S.RESCUE_WAIT,
    (S.RESCUING, E.DONE): S.RESCUE,
    (S.RESCUING, E.FAIL): S.RESCUE_FAIL,
    (S.RESCUE_WAIT, E.RESUME): S.RESCUING,
    (S.RESCUE_WAIT, E.FAIL): S.RESCUE_FAIL,
    (S.RESCUE_WAIT, E.ABORT): S.RESCUE_FAIL,
    (S.RESCUE_WAIT, E.DELETE): S.DELETING,
    (S.RESCUE, E.RESCUE): S.RESCUING,
    (S.RESCUE, E.UNRESCUE): S.UNRESCUING,
    (S.RESCUE, E.DELETE): S.DELETING,
    (S.RESCUE_FAIL, E.RESCUE): S.RESCUING,
    (S.RESCUE_FAIL, E.UNRESCUE): S.UNRESCUING,
    (S.RESCUE_FAIL, E.DELETE): S.DELETING,
    (S.UNRESCUING, E.DONE): S.ACTIVE,
    (S.UNRESCUING, E.FAIL): S.UNRESCUE_FAIL,
    (S.UNRESCUE_FAIL, E.RESCUE): S.RESCUING,
    (S.UNRESCUE_FAIL, E.UNRESCUE): S.UNRESCUING,
    (S.UNRESCUE_FAIL, E.DELETE): S.DELETING,
    # service
    (S.ACTIVE, E.SERVICE): S.SERVICING,
    (S.SERVICING, E.WAIT): S.SERVICE_WAIT,
    (S.SERVICING, E.HOLD): S.SERVICE_HOLD,
    (S.SERVICING, E.DONE): S.ACTIVE,
    (S.SERVICING, E.FAIL): S.SERVICE_FAIL,
    (S.SERVICE_WAIT, E.RESUME): S.SERVICING,
    (S.SERVICE_WAIT, E.HOLD): S.SERVICE_HOLD,
    (S.SERVICE_WAIT, E.FAIL): S.SERVICE_FAIL,
    (S.SERVICE_WAIT, E.ABORT): S.SERVICE_FAIL,
    (S.SERVICE_WAIT, E.DELETE): S.DELETING,
    (S.SERVICE_HOLD, E.SERVICE): S.SERVICING,
    (S.SERVICE_HOLD, E.UNHOLD): S.SERVICE_WAIT,
    (S.SERVICE_HOLD, E.ABORT): S.SERVICE_FAIL,
    (S.SERVICE_FAIL, E.SERVICE): S.SERVICING,
    (S.SERVICE_FAIL, E.RESCUE): S.RESCUING,
    (S.SERVICE_FAIL, E.DELETE): S.DELETING,
    (S.SERVICE_FAIL, E.ABORT): S.ACTIVE,
}

TARGETS: dict[State, State] = {
    S.VERIFYING: S.MANAGEABLE,
    **dict.fromkeys((S.DEPLOYING, S.DEPLOY_WAIT, S.DEPLOY_FAIL, S.DEPLOY_HOLD), S.ACTIVE),
    **dict.fromkeys((S.CLEANING, S.CLEAN_WAIT, S.CLEAN_FAIL, S.CLEAN_HOLD), S.AVAILABLE),
    S.DELETING: S.AVAILABLE,
    **dict.fromkeys((S.INSPECTING, S.INSPECT_WAIT, S.INSPECT_FAIL), S.MANAGEABLE),
    **dict.fromkeys((S.ADOPTING, S.ADOPT_FAIL), S.ACTIVE),
    **dict.fromkeys((S.RESCUING, S.RESCUE_WAIT, S.RESCUE_FAIL), S.RESCUE),
    **dict.fromkeys((S.UNRESCUING, S.UNRESCUE_FAIL), S.ACTIVE),
    **dict.fromkeys((S.SERVICING, S.SERVICE_WAIT, S.SERVICE_FAIL, S.SERVICE_HOLD), S.ACTIVE),
}
"""target_provision_state, by provision state; no target in the others.

A manual clean's target is manageable: whoever begins one says so.
"""

VERBS: dict[str, Event] = {
    "active": E.DEPLOY,
    "deploy": E.DEPLOY,
    "rebuild": E.REBUILD,
    "deleted": E.DELETE,
    "undeploy": E.DELETE,
    "manage": E.MANAGE,
    "provide": E.PROVIDE,
    "inspect": E.INSPECT,
    "clean": E.CLEAN,
    "abort": E.ABORT,
    "adopt": E.ADOPT,
    "rescue": E.RESCUE,
    "unrescue": E.UNRESCUE,
    "unhold": E.UNHOLD,
    "service": E.SERVICE,
}
"""What `PUT .../states/provision` takes as its target."""

WAITING = frozenset({S.DEPLOY_WAIT, S.CLEAN_WAIT, S.INSPECT_WAIT, S.RESCUE_WAIT, S.SERVICE_WAIT})
FAILED = frozenset(
    {
        S.DEPLOY_FAIL,
        S.CLEAN_FAIL,
        S.INSPECT_FAIL,
        S.RESCUE_FAIL,
        S.UNRESCUE_FAIL,
        S.ADOPT_FAIL,
        S.SERVICE_FAIL,
    }
)
RESTING = frozenset({S.ENROLL, S.MANAGEABLE, S.AVAILABLE, S.ACTIVE, S.ERROR, S.RESCUE})
LOOKUP_ALLOWED = WAITING | {S.DEPLOYING, S.CLEANING, S.INSPECTING, S.RESCUING}
"""In which the agent of a node may look itself up."""
DELETE_ALLOWED = frozenset({S.MANAGEABLE, S.ENROLL, S.AVAILABLE, S.ADOPT_FAIL})
UPDATE_ALLOWED = (
    RESTING
    | FAILED
    | {S.INSPECTING, S.INSPECT_WAIT, S.VERIFYING, S.DEPLOY_HOLD, S.CLEAN_HOLD, S.SERVICE_HOLD}
)
DEPLOYED = frozenset(
    {
        S.ACTIVE,
        S.DEPLOYING,
        S.DEPLOY_WAIT,
        S.DEPLOY_FAIL,
        S.DEPLOY_HOLD,
        S.ERROR,
        S.RESCUING,
        S.RESCUE_WAIT,
        S.RESCUE,
        S.RESCUE_FAIL,
        S.UNRESCUING,
        S.UNRESCUE_FAIL,
        S.SERVICING,
        S.SERVICE_WAIT,
        S.SERVICE_FAIL,
        S.SERVICE_HOLD,
        S.DELETING,
    }
)
"""In which a node carries somebody's instance."""


@dataclass(frozen=True, slots=True)
class Move:
    """A step of the machine: what becomes of provision_state and its target."""

    state: State
    target: State | None


def verb(name: str) -> Event:
    """BadRequest for a target that no version knows."""
    found = VERBS.get(name)
    if found is None:
        raise BadRequest(
            f'The requested action "{name}" is not one of {", ".join(VERBS)}.',
            code="provision-target-unknown",
        )
    return found


def move(node_id: str, state: str, event: Event, *, name: str | None = None) -> Move:
    """Conflict (code "provision-state"), in Ironic's words, where the table has no such line.

    name: the verb as the user wrote it, for the refusal.
    """
    found = TRANSITIONS.get((State(state), event))
    if found is None:
        raise refuse(node_id, name or event, state)
    return Move(found, TARGETS.get(found))


def refuse(node_id: str, action: str, state: str) -> BadRequest:
    """What a node answers to a wish that its state does not allow."""
    return BadRequest(
        f'The requested action "{action}" can not be performed on node "{node_id}" while it is in '
        f'state "{state}".',
        code="provision-state",
    )


def busy(node_id: str, by: str) -> Conflict:
    return Conflict(
        f"Node {node_id} is locked by host {by}, please retry after the current operation is "
        "completed.",
        code="node-locked",
    )

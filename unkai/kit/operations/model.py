"""How a verb says what it does to the world: steps with their way back.

    create_server = Operation(
        "create-server",
        Step(fetch_image, GLANCE, undo=None),
        Step(plug_ports, NEUTRON, undo=unplug_ports),
        failed=mark_error,
    )

A step is `async def plug_ports(compute, run) -> value | Wait | Result | None`; its first argument
is the service given at registration. Steps are idempotent: after a crash the one that was running
runs again, with a higher `run.epoch`. What a step returns is saved as JSON and found by later steps
and undos in `run.results["plug_ports"]`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from unkai.kit.db import Tx
from unkai.kit.errors import Fault


@dataclass(slots=True)
class Run:
    """One leased run of an operation, as its steps see it."""

    id: str
    kind: str
    subject: str
    project_id: str | None
    user_id: str | None
    request_id: str
    input: dict[str, Any]
    results: dict[str, Any]
    epoch: int
    attempt: int
    step_started_at: float
    cancelled: bool = False
    error: Fault | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Give up the slot until `event` comes for `key`; then the step runs again.

    The step looks first whether what it waits for is already so: it may be run again for other
    reasons. `timeout_s` counts from the step's first start; past it the step fails with
    `otherwise`, a sentence for the user.
    """

    event: str
    key: str
    timeout_s: float
    otherwise: str


@dataclass(frozen=True, slots=True)
class Result:
    """A step's value with what must become true in the same transaction that saves it."""

    value: Any = None
    write: Callable[[Tx], Awaitable[None]] | None = None


class Retry(Exception):
    """The step cannot go on now: run it again after `after_s`, and ever later after that.

    `until`: the peer is not away but at work, and tells by this event of this key: that ends the
    pause, each of which is `after_s`.
    """

    def __init__(
        self, blocker: str, after_s: float = 1.0, *, until: tuple[str, str] | None = None
    ) -> None:
        super().__init__(blocker)
        self.blocker = blocker
        self.after_s = after_s
        self.until = until


StepFunction = Callable[[Any, Run], Awaitable[Any]]
FinishFunction = Callable[[Any, Tx, Run], Awaitable[None]]


class Step:
    """A step: its function, who acts in it (a timeline participant), its undo.

    interruptible: a cancel may stop it in the middle; else it acts between steps.
    """

    def __init__(
        self,
        function: StepFunction,
        participant: str,
        *,
        undo: StepFunction | None = None,
        interruptible: bool = False,
    ) -> None:
        self.function = function
        self.name: str = function.__name__
        self.participant = participant
        self.undo = undo
        self.interruptible = interruptible


class Operation:
    """A kind of durable work.

    failed: runs in the transaction that ends a failed operation (after its undos), with `run.error`
        set; it is how the user comes to see the fault. Not run when a later one superseded it.
    must_finish: a delete: it is never undone or given up; past its deadline it is BLOCKED, names
        its blocker and tries on. Others fail at their deadline, and are undone.
    """

    def __init__(
        self,
        kind: str,
        *steps: Step,
        failed: FinishFunction | None = None,
        must_finish: bool = False,
        deadline_s: float = 600.0,
    ) -> None:
        self.kind = kind
        self.steps = steps
        self.failed = failed
        self.must_finish = must_finish
        self.deadline_s = deadline_s
        names = [step.name for step in steps]
        assert len(set(names)) == len(names), f"{kind}: two steps of one name"

    def name_of(self, position: int) -> str:
        return self.steps[position].name


class StepObserver(Protocol):
    """Told of every step inside the transaction that saves it; the timeline is one."""

    async def step_started(self, tx: Tx, run: Run, step: Step, at: float) -> None: ...

    async def step_ended(
        self, tx: Tx, run: Run, step: Step, at: float, *, outcome: str, detail: str | None
    ) -> None:
        """outcome: ok, failed, waiting, undone, cancelled."""
        ...


@dataclass(frozen=True, slots=True)
class OperationView:
    """An operation's row, to be shown."""

    id: str
    kind: str
    subject: str
    project_id: str | None
    state: str
    step: str | None
    blocker: str | None
    error: str | None
    next_at: float | None
    created_at: float
    updated_at: float
    attempts: int
    results: dict[str, Any] = field(default_factory=dict[str, Any])

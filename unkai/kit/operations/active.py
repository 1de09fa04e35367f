"""What runs in this process, and what the parts of its runner share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from unkai.kit.clock import Chance, Clock
from unkai.kit.db import Database
from unkai.kit.events import Events
from unkai.kit.operations.model import Operation, Run, Step, StepObserver

Probe = Callable[[Run, Step, str], Awaitable[None]]
LEASE_S = 15.0
POLL_S = 1.0


class LostLease(Exception):
    """Another owner runs this operation now; ours stops without a trace."""


class Active:
    """A leased operation in this process: where its run stands."""

    def __init__(self, run: Run, definition: Operation, service: Any, position: int) -> None:
        self.run = run
        self.definition = definition
        self.service = service
        self.position = position
        self.undoing = False
        self.deadline = 0.0
        self.step_task: asyncio.Task[Any] | None = None

    @property
    def step(self) -> Step:
        return self.definition.steps[self.position]

    @property
    def must_turn(self) -> bool:
        """Whether a cancel is to be obeyed now: the way back has not begun yet."""
        return self.run.cancelled and not self.undoing and not self.definition.must_finish

    def interrupt(self) -> None:
        """Tell the run that it is cancelled; it acts on it between steps, or in the middle."""
        self.run.cancelled = True
        if self.step_task is not None and self.step.interruptible and self.must_turn:
            self.step_task.cancel()


@dataclass
class Process:
    """One process's runner.

    spawn: starts a run. wake: makes the claiming loop look again. passed_over: due while their last
    run was still leaving.
    """

    database: Database
    clock: Clock
    chance: Chance
    events: Events
    observer: StepObserver | None
    owner: str
    spawn: Callable[[Active], None]
    kinds: dict[str, tuple[Operation, Any]] = field(
        default_factory=dict[str, tuple[Operation, Any]]
    )
    active: dict[str, Active] = field(default_factory=dict[str, Active])
    passed_over: set[str] = field(default_factory=set[str])
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    stopping: bool = False
    probe: Probe | None = None

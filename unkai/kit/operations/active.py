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


@dataclass
class Process:
    """One process's runner. `spawn` starts a run; `wake` makes the claiming loop look again."""

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
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    stopping: bool = False
    probe: Probe | None = None

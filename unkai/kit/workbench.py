"""The tools of one process, made by `boot.py` and handed to every service."""

from __future__ import annotations

from dataclasses import dataclass

from unkai.kit.clock import Chance, Clock
from unkai.kit.db import Database
from unkai.kit.events import Events
from unkai.kit.operations import Operations
from unkai.kit.reconcile import Reconcilers


@dataclass(frozen=True, slots=True)
class Kit:
    database: Database
    clock: Clock
    chance: Chance
    events: Events
    operations: Operations
    reconcilers: Reconcilers

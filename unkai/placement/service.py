"""The placement service: nothing but the process's tools; all it knows is in the database."""

from __future__ import annotations

from dataclasses import dataclass

from unkai.kit.workbench import Kit


@dataclass(frozen=True, slots=True)
class Placement:
    kit: Kit

"""Inspection rules: what follows from what an inspection found."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement

from unkai.baremetal.model import InspectionRule
from unkai.baremetal.store.rows import Rows
from unkai.baremetal.store.schema import inspection_rules
from unkai.kit.db import Session

RULES = Rows(inspection_rules, InspectionRule)


async def rules_of(session: Session, phase: str) -> Sequence[InspectionRule]:
    """Highest priority first."""
    of_phase = inspection_rules.c.phase == phase
    return await RULES.list(session, of_phase, sort="priority", descending=True)


def rules_where(phase: str | None) -> tuple[ColumnElement[bool], ...]:
    """The conditions of a list."""
    return () if phase is None else (inspection_rules.c.phase == phase,)

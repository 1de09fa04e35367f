"""Runbooks: steps that an administrator approved, by name."""

from __future__ import annotations

from unkai.baremetal.model import Runbook
from unkai.baremetal.store.rows import Rows
from unkai.baremetal.store.schema import runbooks
from unkai.kit.db import Session

RUNBOOKS = Rows(runbooks, Runbook)


async def find_runbook(session: Session, ident: str) -> Runbook | None:
    """By uuid or name."""
    found = await RUNBOOKS.get(session, ident)
    return found or await RUNBOOKS.first(session, runbooks.c.name == ident)

"""Runbooks: steps that an administrator approved, by name."""

from __future__ import annotations

from sqlalchemy import ColumnElement, or_

from unkai.baremetal.model import Runbook
from unkai.baremetal.store.rows import Rows
from unkai.baremetal.store.schema import runbooks
from unkai.kit.db import Session

RUNBOOKS = Rows(runbooks, Runbook)


async def find_runbook(session: Session, ident: str) -> Runbook | None:
    """By uuid or name."""
    found = await RUNBOOKS.get(session, ident)
    return found or await RUNBOOKS.first(session, runbooks.c.name == ident)


def runbooks_where(project_id: str | None) -> tuple[ColumnElement[bool], ...]:
    """The conditions of a list: a project's own and the public ones; None is all."""
    if project_id is None:
        return ()
    return (or_(runbooks.c.owner == project_id, runbooks.c.public.is_(True)),)

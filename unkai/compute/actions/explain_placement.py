"""Why a server is where it is, or nowhere: its placement decisions as they were made."""

from __future__ import annotations

from unkai.compute.model import Decision
from unkai.compute.service import Compute
from unkai.compute.store import decisions
from unkai.kit.db import Session


async def explain_placement(compute: Compute, session: Session, server_id: str) -> list[Decision]:
    """Newest first; empty for a server that was never placed (or never was)."""
    return await decisions.decisions_of(session, server_id)

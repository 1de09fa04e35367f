"""The rows of operations.

`slot` is the subject while the operation is the subject's active one, else NULL; its unique index
is what allows one active operation a subject. A superseding operation waits with no slot until the
one it cancelled has ended.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import Boolean, Column, Float, Index, Integer, String, Table, Text

from unkai.kit.db import Announced, Json, announce, metadata


class State(StrEnum):
    QUEUED = "queued"  # behind the operation it superseded
    READY = "ready"  # to be claimed
    RUNNING = "running"  # claimed: owner and lease are set
    WAITING = "waiting"  # for an event or for next_at
    BLOCKED = "blocked"  # past its deadline; tried again at next_at
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = (State.DONE, State.FAILED, State.CANCELLED)

operations = Table(
    "operations",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("kind", String(64), nullable=False),
    Column("subject", String(128), nullable=False),
    Column("slot", String(128)),
    Column("project_id", String(64)),
    Column("user_id", String(64)),
    Column("request_id", String(64), nullable=False),
    Column("input", Json, nullable=False),
    Column("state", String(16), nullable=False),
    Column("step", Integer, nullable=False),
    Column("undoing", Boolean, nullable=False),
    Column("started", Boolean, nullable=False),  # of the current step
    Column("results", Json, nullable=False),
    Column("step_at", Float, nullable=False),  # first start of the current step
    Column("attempt", Integer, nullable=False),
    Column("cancel", Boolean, nullable=False),
    Column("owner", String(64)),
    Column("lease_until", Float),
    Column("epoch", Integer, nullable=False),
    Column("wait_event", String(64)),
    Column("wait_key", String(128)),
    Column("next_at", Float),
    Column("deadline", Float, nullable=False),
    Column("blocker", Text),
    Column("error", Text),
    Column("error_code", String(64)),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
    Index("operations_slot", "slot", unique=True),
    Index("operations_due", "state", "next_at"),
    Index("operations_subject", "subject"),
    Index("operations_wait", "wait_key", "wait_event"),
)

announce(
    operations,
    Announced("operation", about="row.subject", only=("state", "step", "blocker")),
)

"""The table of events."""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, String, Table, Text

from unkai.kit.db import Announced, announce, metadata

timeline_events = Table(
    "timeline_events",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("subject", String(128), nullable=False),
    Column("participant", String(32), nullable=False),
    Column("action", String(128), nullable=False),
    Column("started_at", Float, nullable=False),
    Column("ended_at", Float),
    Column("outcome", String(16)),
    Column("detail", Text),
    Column("request_id", String(64), nullable=False),
    Column("operation", String(64)),
    Column("operation_id", String(36)),
    Column("step", String(64)),
    Column("expires_at", Float),
    Index("timeline_events_subject", "subject", "id"),
    Index("timeline_events_operation", "operation_id", "step"),
    Index("timeline_events_expires", "expires_at"),
)

announce(
    timeline_events,
    Announced("timeline", key="row.subject", project="null", only=("ended_at",), kept=True),
)

"""Tickets: secrets that let their bearer open one stream, once, soon.

A browser's WebSocket carries no token of ours, and an address gets into histories and logs. So an
address carries a ticket: random, good for one connection and a few minutes, bound to what it opens
and to who asked. Only its hash is stored, in the database, so that any replica may be called.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Column, Float, Index, String, Table, bindparam, delete, insert, select

from unkai.kit.clock import Chance
from unkai.kit.db import Session, Tx, metadata

SECRET_BYTES: Final = 32

tickets = Table(
    "tickets",
    metadata,
    Column("hash", String(64), primary_key=True),  # SHA-256 of the secret
    Column("subject", String(128), nullable=False),  # "server/ID", "node/ID"
    Column("kind", String(32), nullable=False),
    Column("user_id", String(64), nullable=False),
    Column("expires_at", Float, nullable=False),
    Index("tickets_expires", "expires_at"),
)
_OURS = (tickets.c.hash == bindparam("secret_hash")) & (tickets.c.expires_at > bindparam("now"))
_FIND = select(tickets).where(_OURS)
_USE = delete(tickets).where(tickets.c.hash == bindparam("secret_hash"))
_FORGET = delete(tickets).where(tickets.c.expires_at <= bindparam("now"))


@dataclass(frozen=True, slots=True)
class Ticket:
    """subject: what it opens, as "server/ID"; kind: which of its streams; user_id: who asked."""

    subject: str
    kind: str
    user_id: str
    expires_at: float


async def give_ticket(tx: Tx, chance: Chance, ticket: Ticket, *, now: float) -> str:
    """The secret; it is nowhere else. Tickets that nobody used in time are forgotten here."""
    secret = chance.token_urlsafe(SECRET_BYTES)
    await tx.execute(_FORGET, {"now": now})
    row = {
        "hash": _hash(secret),
        "subject": ticket.subject,
        "kind": ticket.kind,
        "user_id": ticket.user_id,
        "expires_at": ticket.expires_at,
    }
    await tx.execute(insert(tickets), row)
    return secret


async def find_ticket(session: Session, secret: str, *, now: float) -> Ticket | None:
    """None if it was never given, is too old, or was used."""
    row = await session.first(_FIND, {"secret_hash": _hash(secret), "now": now})
    if row is None:
        return None
    return Ticket(row.subject, row.kind, row.user_id, row.expires_at)


async def use_ticket(tx: Tx, secret: str, *, now: float) -> Ticket | None:
    """As `find_ticket`, and it is used now."""
    found = await find_ticket(tx, secret, now=now)
    if found is None or await tx.count(_USE, {"secret_hash": _hash(secret)}) != 1:
        return None
    return found


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()

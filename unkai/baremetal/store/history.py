"""What happened to a node, for its history."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from unkai.baremetal.model import HistoryEntry
from unkai.baremetal.store.rows import Rows
from unkai.baremetal.store.schema import node_history

HISTORY = Rows(node_history, HistoryEntry)


def history_of(node_uuid: str) -> ColumnElement[bool]:
    """The condition: of this node."""
    return node_history.c.node_uuid == node_uuid

"""What happened to a node, for its history."""

from __future__ import annotations

from unkai.baremetal.model import HistoryEntry
from unkai.baremetal.store.rows import Rows
from unkai.baremetal.store.schema import node_history

HISTORY = Rows(node_history, HistoryEntry)

"""What the operator's API reads from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from unkai.compute.service import Compute
from unkai.kit.changes import Feed
from unkai.kit.leftovers import Leftover
from unkai.kit.workbench import Kit
from unkai.operator.streams import Streams
from unkai.settings import OperatorSettings

Audit = Callable[[], Awaitable[list[Leftover]]]
Health = Callable[[], Awaitable[dict[str, str]]]


@dataclass(frozen=True, slots=True)
class Operator:
    """audits: one per service, by name; health: parts of the cloud and what is wrong ("ok")."""

    kit: Kit
    compute: Compute
    settings: OperatorSettings
    feed: Feed
    streams: Streams
    audits: dict[str, Audit]
    health: Health
    facts: dict[str, Any]
    """What `GET /status` says of the cloud itself: version, url, namespace, fake, started_at."""

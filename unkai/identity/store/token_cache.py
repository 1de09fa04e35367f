"""Tokens that were validated a moment ago, dropped as soon as anything they depend on changes.

The cache belongs to one generation (`store/generation.py`). A change made here drops it when it
commits; one made by another replica is seen within `RECHECK_S`. An entry is only kept if nothing
was dropped while it was being made.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from unkai.identity.model import Role, Subject
from unkai.identity.store.generation import read_generation
from unkai.identity.store.subjects import all_implications, all_roles
from unkai.kit.db import Session

LIMIT = 4_000
"""Tokens; each takes some kilobytes once it was shown with its catalog."""
RECHECK_S = 1.0


@dataclass(slots=True)
class Entry:
    """rendered: views of the token as bytes, made by the API and kept as long as the entry."""

    subject: Subject
    rendered: dict[str, bytes] = field(default_factory=dict[str, bytes])


@dataclass(slots=True)
class RoleGraph:
    """Every role, and which ones it implies."""

    roles: dict[str, Role]
    implied: dict[str, set[str]]

    def expand(self, given: set[str]) -> list[Role]:
        """The given roles and all they imply, without the domains' own, by name."""
        reached: set[str] = set()
        waiting = list(given)
        while waiting:
            role_id = waiting.pop()
            if role_id not in reached:
                reached.add(role_id)
                waiting.extend(self.implied.get(role_id, ()))
        found = [self.roles[role_id] for role_id in reached if role_id in self.roles]
        return sorted((r for r in found if not r.domain_id), key=lambda role: role.name)


class TokenCache:
    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.drops = 0
        self.catalog: Any = None
        self._graph: RoleGraph | None = None
        self._seen: int | None = None
        self._checked_at = float("-inf")

    def drop(self) -> None:
        self.entries.clear()
        self.catalog = None
        self._graph = None
        self.drops += 1

    def is_due(self, now: float) -> bool:
        """Whether it is time to look for changes of other replicas; `now` is monotonic."""
        return now - self._checked_at >= RECHECK_S

    async def recheck(self, session: Session, now: float) -> None:
        self._checked_at = now
        value = await read_generation(session)
        if value != self._seen:
            self._seen = value
            self.drop()

    def keep(self, token: str, entry: Entry, drops: int) -> None:
        """Remember, if nothing was dropped since `drops` was read."""
        if drops != self.drops:
            return
        while len(self.entries) >= LIMIT:
            del self.entries[next(iter(self.entries))]
        self.entries[token] = entry

    async def role_graph(self, session: Session) -> RoleGraph:
        drops = self.drops
        if self._graph is None:
            graph = RoleGraph(await all_roles(session), await all_implications(session))
            if drops != self.drops:
                return graph
            self._graph = graph
        return self._graph

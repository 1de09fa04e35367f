"""What placement speaks of: providers, inventories, consumers, requests and their answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

UNIT_MAX: Final = 2**31 - 1
UNKNOWN_TYPE: Final = "unknown"

Resources = Mapping[str, int]
"""Resource class to amount."""
Allocations = Mapping[str, Resources]
"""Provider id to what it gives."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """What a provider has of a class; `reserved` is not given, `allocation_ratio` overcommits.

    A single allocation is at least `min_unit`, at most `max_unit`, a multiple of `step_size`.
    """

    total: int
    reserved: int = 0
    min_unit: int = 1
    max_unit: int = UNIT_MAX
    step_size: int = 1
    allocation_ratio: float = 1.0

    @property
    def capacity(self) -> int:
        return int((self.total - self.reserved) * self.allocation_ratio)


@dataclass(frozen=True, slots=True)
class Stock:
    """An inventory with how much of it is taken."""

    inventory: Inventory
    used: int

    @property
    def free(self) -> int:
        return self.inventory.capacity - self.used


@dataclass(frozen=True, slots=True)
class Provider:
    """A resource provider; a root's `root_id` is its own id. Every change moves `generation`."""

    id: str
    name: str
    generation: int
    parent_id: str | None
    root_id: str
    updated_at: float


@dataclass(frozen=True, slots=True)
class Consumer:
    id: str
    project_id: str
    user_id: str
    generation: int
    consumer_type: str
    updated_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Part of a request: what one provider gives (suffixed), or one tree together (no suffix).

    any_traits: of each set at least one trait; required_traits: all. member_of: of each set at
    least one aggregate. in_tree: any provider of the tree that is meant.
    """

    suffix: str = ""
    resources: Resources = field(default_factory=dict[str, int])
    required_traits: frozenset[str] = frozenset()
    any_traits: tuple[frozenset[str], ...] = ()
    forbidden_traits: frozenset[str] = frozenset()
    member_of: tuple[frozenset[str], ...] = ()
    not_member_of: frozenset[str] = frozenset()
    in_tree: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateRequest(Group):
    """What is looked for. The request itself is the group without a suffix.

    provider_names, not_provider_ids: only, and none of, these root providers. limit: how many
    candidates are enough; None means all. prefer_free: a class of which the emptier providers come
    first. explain: True gives a reason for every provider that was not taken, False for none, None
    when there are few providers or few candidates.
    groups: further groups, each satisfied by one provider; with `isolate`, by different ones.
    """

    provider_names: frozenset[str] | None = None
    not_provider_ids: frozenset[str] = frozenset()
    limit: int | None = None
    prefer_free: str | None = None
    explain: bool | None = None
    groups: tuple[Group, ...] = ()
    isolate: bool = False
    root_required: frozenset[str] = frozenset()
    root_forbidden: frozenset[str] = frozenset()
    same_subtree: tuple[frozenset[str], ...] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """A provider as a candidate shows it: every class it has, and its traits."""

    provider: Provider
    resources: Mapping[str, Stock]
    traits: frozenset[str]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to satisfy a request. `provider_id` is the root of the tree that does.

    mappings: group suffix to the ids of the providers that satisfy it.
    """

    provider_id: str
    allocations: Allocations
    mappings: Mapping[str, tuple[str, ...]]
    summary: Summary


@dataclass(frozen=True, slots=True)
class Refusal:
    """A root provider that was not taken, and why, in words."""

    provider_id: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Candidates:
    """candidates in the asked order; summaries of every provider of their trees."""

    candidates: list[Candidate]
    refusals: list[Refusal]
    summaries: Mapping[str, Summary] = field(default_factory=dict[str, Summary])

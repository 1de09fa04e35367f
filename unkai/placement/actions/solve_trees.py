"""Which providers of a tree can together give what is asked: pure, over trees already read.

The group without a suffix may be spread over the tree: each class from one provider, which may be
another for each. A suffixed group comes from one provider alone. Every combination that passes is
one way to satisfy the request; a provider that gives to several groups has room for their sum.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from unkai.placement.actions.claim import why_not
from unkai.placement.model import Candidate, CandidateRequest, Group
from unkai.placement.store.trees import Member, Tree

COMBINATIONS_MAX = 10_000
"""Of one tree; a request that has more is answered with the ways found so far."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Roots that `in_tree` means, by suffix; a suffix that is missing is not bound to a tree."""

    roots: dict[str, str]


def ways(tree: Tree, request: CandidateRequest, scope: Scope) -> Iterator[Candidate]:
    """Every way in which the tree, with what is shared with it, satisfies the request."""
    if refuses_root(tree, request) is not None:
        return
    granular = [_members_for(tree, group, scope) for group in request.groups]
    spread = _spread(tree, request, scope)
    seen: set[tuple[tuple[tuple[str, str, int], ...], tuple[tuple[str, ...], ...]]] = set()
    tried = itertools.product(spread, itertools.product(*granular))
    for common, picked in itertools.islice(tried, COMBINATIONS_MAX):
        if not _together(request, picked):
            continue
        total = _sum(request, common, picked)
        if not any(
            member.provider.root_id == tree.root.provider.id for member, _ in total.values()
        ):
            continue
        if not all(_has_room(member, amounts) for member, amounts in total.values()):
            continue
        mappings = _mappings(request, common, picked)
        key = (
            tuple(sorted((p, c, n) for p, (_, given) in total.items() for c, n in given.items())),
            tuple(mappings.values()),
        )
        if key in seen:
            continue
        seen.add(key)
        allocations = {provider: given for provider, (_, given) in total.items() if given}
        yield Candidate(tree.root.provider.id, allocations, mappings, tree.root.summary)


def refuses_root(tree: Tree, request: CandidateRequest) -> str | None:
    """Why the tree's root alone rules it out."""
    root = tree.root
    name = root.provider.name
    if request.provider_names is not None and name not in request.provider_names:
        return "it is not one of the hosts asked for"
    if root.provider.id in request.not_provider_ids:
        return "it was excluded by the request"
    missing = request.root_required - root.traits
    if missing:
        return f"its root lacks {_listed(missing)}"
    forbidden = request.root_forbidden & root.traits
    return f"its root has the forbidden {_listed(forbidden)}" if forbidden else None


def _listed(names: frozenset[str]) -> str:
    return f"trait{'s' if len(names) > 1 else ''} {', '.join(sorted(names))}"


def _reachable(tree: Tree, group: Group, scope: Scope) -> list[Member]:
    """Members and sharing providers that the group may use at all, by tree and aggregates."""
    members = [*tree.members, *tree.sharing]
    root = scope.roots.get(group.suffix)
    if root is not None:
        members = [one for one in members if one.provider.root_id == root]
    return members


def aggregate_refusal(group: Group, aggregates: frozenset[str]) -> str | None:
    """Why a provider's aggregates rule it out."""
    for choice in group.member_of:
        if aggregates.isdisjoint(choice):
            return f"it is in none of the aggregates {', '.join(sorted(choice))}"
    bad = aggregates & group.not_member_of
    return f"it is in the forbidden aggregate {', '.join(sorted(bad))}" if bad else None


def trait_refusal(group: Group, traits: frozenset[str]) -> str | None:
    """Why traits rule a provider out."""
    missing = group.required_traits - traits
    if missing:
        return f"it lacks {_listed(missing)}"
    for choice in group.any_traits:
        if traits.isdisjoint(choice):
            return f"it has none of the {_listed(choice)}"
    bad = traits & group.forbidden_traits
    return f"it has the forbidden {_listed(bad)}" if bad else None


def _members_for(tree: Tree, group: Group, scope: Scope) -> list[Member]:
    """Providers that satisfy a suffixed group alone."""
    return [
        member
        for member in _reachable(tree, group, scope)
        if trait_refusal(group, member.traits) is None
        and aggregate_refusal(group, member.aggregates) is None
        and _has_room(member, dict(group.resources))
    ]


def _in_or_under(tree: Tree, member: Member, group: Group) -> bool:
    """Whether aggregates let the member give: its own, or for what is wanted its root's."""
    own = member.provider.root_id == tree.root.provider.id
    above = tree.root.aggregates if own else member.aggregates
    wanted = all(
        not choice.isdisjoint(member.aggregates) or not choice.isdisjoint(above)
        for choice in group.member_of
    )
    return wanted and group.not_member_of.isdisjoint(member.aggregates | above)


Common = dict[str, Member]


def _spread(tree: Tree, group: Group, scope: Scope) -> Iterator[Common]:
    """Choices of a provider per class for the group without a suffix."""
    members = [one for one in _reachable(tree, group, scope) if _in_or_under(tree, one, group)]
    choices: list[list[Member]] = []
    for name, amount in group.resources.items():
        choices.append(
            [
                one
                for one in members
                if group.forbidden_traits.isdisjoint(one.traits) and _has_room(one, {name: amount})
            ]
        )
    for picked in itertools.product(*choices):
        together = frozenset[str]().union(*(one.traits for one in picked))
        if picked and trait_refusal(group, together) is not None:
            continue
        yield dict(zip(group.resources, picked, strict=True))


def _together(request: CandidateRequest, picked: Sequence[Member]) -> bool:
    """Whether suffixed groups may stand on these providers at the same time."""
    if request.isolate and len({one.provider.id for one in picked}) < len(picked):
        return False
    by_suffix = {group.suffix: one for group, one in zip(request.groups, picked, strict=True)}
    for suffixes in request.same_subtree:
        members = [by_suffix[suffix] for suffix in suffixes if suffix in by_suffix]
        ids = {one.provider.id for one in members}
        if not any(all(top in one.ancestors for one in members) for top in ids):
            return False
    return True


def _sum(
    request: CandidateRequest, common: Common, picked: Sequence[Member]
) -> dict[str, tuple[Member, dict[str, int]]]:
    total: dict[str, tuple[Member, dict[str, int]]] = {}
    parts = [(member, name, request.resources[name]) for name, member in common.items()]
    for group, member in zip(request.groups, picked, strict=True):
        total.setdefault(member.provider.id, (member, {}))
        parts += [(member, name, amount) for name, amount in group.resources.items()]
    for member, name, amount in parts:
        given = total.setdefault(member.provider.id, (member, {}))[1]
        given[name] = given.get(name, 0) + amount
    return total


def _has_room(member: Member, amounts: dict[str, int]) -> bool:
    for name, amount in amounts.items():
        stock = member.stocks.get(name)
        if stock is None or why_not(name, stock, amount) is not None:
            return False
    return True


def _mappings(
    request: CandidateRequest, common: Common, picked: Sequence[Member]
) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    if common:
        found[""] = tuple(sorted({one.provider.id for one in common.values()}))
    for group, member in zip(request.groups, picked, strict=True):
        found[group.suffix] = (member.provider.id,)
    return found


def refusal(tree: Tree, request: CandidateRequest, scope: Scope) -> str:
    """Why no way was found in this tree, in words."""
    reason = refuses_root(tree, request)
    if reason is not None:
        return reason
    for group in (request, *request.groups):
        reason = _group_refusal(tree, group, scope)
        if reason is not None:
            return f"{reason} (request group {group.suffix})" if group.suffix else reason
    return "no combination of its providers gives all that is asked together"


def _group_refusal(tree: Tree, group: Group, scope: Scope) -> str | None:
    members = _reachable(tree, group, scope)
    if not members:
        return "it is not in the tree asked for"
    reasons: list[str] = []
    for name, amount in group.resources.items():
        having = [one for one in members if name in one.stocks]
        if not having:
            reasons.append(f"it has no {name}")
        elif not any(_has_room(one, {name: amount}) for one in having):
            most = max(having, key=lambda one: one.stocks[name].free)
            reasons.append(why_not(name, most.stocks[name], amount) or "")
    traits = frozenset[str]().union(*(one.traits for one in members))
    if len(members) > 1:
        traits -= group.forbidden_traits
    for said in (
        trait_refusal(group, traits),
        aggregate_refusal(group, tree.root.aggregates) if len(members) == 1 else None,
    ):
        reasons.extend([said] if said else [])
    return "; ".join(reasons) or None

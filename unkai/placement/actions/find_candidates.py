"""Where a request fits, and why it does not fit elsewhere.

Clouds whose providers stand alone are searched by one statement that stops at the limit. Trees and
sharing providers are narrowed by the same kind of statement, then read some hundreds at a time and
solved in Python. Reasons are made from the same rows, only if asked for or if there is something to
explain: few candidates, or few providers.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import replace

from unkai.kit.db import Session
from unkai.placement.actions.solve_trees import Scope, refusal, refuses_root, ways
from unkai.placement.model import Candidate, CandidateRequest, Candidates, Refusal, Summary
from unkai.placement.service import Placement
from unkai.placement.store import providers
from unkai.placement.store.candidates import possible_roots
from unkai.placement.store.providers import ProviderFilter
from unkai.placement.store.trees import AT_ONCE, Member, Tree, read_sharing, read_trees

FEW_PROVIDERS = 64
FEW_CANDIDATES = 3
LONG = 500
"""Providers whose reading belongs into a thread of its own."""


async def find_candidates_apart(placement: Placement, request: CandidateRequest) -> Candidates:
    """The same outside any transaction, and away from the event loop where it takes long."""
    database = placement.kit.database
    count = await providers.count_roots(database.reader)
    quick = request.limit is not None and request.limit <= LONG
    if count <= LONG:
        return await find_candidates(placement, database.reader, request)
    if quick and not request.groups and not request.explain:
        hasty = replace(request, explain=False)
        found = await find_candidates(placement, database.reader, hasty)
        if request.explain is False or len(found.candidates) >= FEW_CANDIDATES:
            return found

    async def read(session: Session) -> Candidates:
        return await find_candidates(placement, session, request)

    return await database.read_apart(read)


async def find_candidates(
    placement: Placement, session: Session, request: CandidateRequest
) -> Candidates:
    """See CandidateRequest; an empty answer has a reason for every root provider.

    Ask outside the claiming transaction where providers are many: the search reads widely, and on
    PostgreSQL every claim that commits meanwhile would make the transaction run again.
    """
    scope = await _scope(session, request)
    if scope is None:
        found = Candidates([], [])
    elif not request.groups and await providers.is_flat(session):
        found = await _find_flat(session, request, scope)
    else:
        found = await _find_in_trees(session, request, scope)
    if not await _to_explain(session, request, found):
        return found
    taken = {one.provider_id for one in found.candidates}
    refusals = await _refusals(session, request, scope, taken)
    return Candidates(found.candidates, refusals, found.summaries)


async def _scope(session: Session, request: CandidateRequest) -> Scope | None:
    """The roots meant by `in_tree`; None if one does not exist."""
    roots: dict[str, str] = {}
    for group in (request, *request.groups):
        if group.in_tree is not None:
            provider = await providers.get_provider(session, group.in_tree)
            if provider is None:
                return None
            roots[group.suffix] = provider.root_id
    return Scope(roots)


async def _find_flat(session: Session, request: CandidateRequest, scope: Scope) -> Candidates:
    by = ProviderFilter(
        names=request.provider_names,
        root_ids=frozenset(scope.roots.values()) if scope.roots else None,
        not_ids=request.not_provider_ids,
        resources=request.resources,
        required_traits=request.required_traits | request.root_required,
        any_traits=request.any_traits,
        forbidden_traits=request.forbidden_traits | request.root_forbidden,
        member_of=request.member_of,
        not_member_of=request.not_member_of,
    )
    ids = await providers.pick_providers(session, by, request.limit, request.prefer_free)
    candidates: list[Candidate] = []
    summaries: dict[str, Summary] = {}
    given = dict(request.resources)
    async for tree in _trees(session, ids):
        root = tree.root
        summaries[root.provider.id] = root.summary
        mappings = {"": (root.provider.id,)}
        candidates.append(
            Candidate(root.provider.id, {root.provider.id: given}, mappings, root.summary)
        )
    return Candidates(candidates, [], summaries)


async def _trees(
    session: Session, ids: Sequence[str], sharing: Sequence[Member] = ()
) -> AsyncIterator[Tree]:
    for at in range(0, len(ids), AT_ONCE):
        for tree in await read_trees(session, ids[at : at + AT_ONCE], sharing):
            yield tree


async def _find_in_trees(session: Session, request: CandidateRequest, scope: Scope) -> Candidates:
    ids = await possible_roots(session, request)
    sharing = await read_sharing(session)
    candidates: list[Candidate] = []
    summaries: dict[str, Summary] = {}
    async for tree in _trees(session, ids, sharing):
        for candidate in ways(tree, request, scope):
            candidates.append(candidate)
            for member in (*tree.members, *tree.sharing):
                if member in tree.members or member.provider.id in candidate.allocations:
                    summaries[member.provider.id] = member.summary
            if request.limit is not None and len(candidates) >= request.limit:
                return Candidates(candidates, [], summaries)
    return Candidates(candidates, [], summaries)


async def _to_explain(session: Session, request: CandidateRequest, found: Candidates) -> bool:
    if request.explain is not None:
        return request.explain
    if len(found.candidates) < FEW_CANDIDATES:
        return True
    return await providers.count_roots(session) <= FEW_PROVIDERS


async def _refusals(
    session: Session, request: CandidateRequest, scope: Scope | None, taken: Collection[str]
) -> list[Refusal]:
    roots = await providers.list_roots(session)
    ids = [root_id for root_id in roots if root_id not in taken]
    sharing = await read_sharing(session)
    return [_refusal(tree, request, scope) async for tree in _trees(session, ids, sharing)]


def _refusal(tree: Tree, request: CandidateRequest, scope: Scope | None) -> Refusal:
    provider = tree.root.provider
    if scope is None:
        reason = "the tree asked for does not exist"
    elif refuses_root(tree, request) is None and any(True for _ in ways(tree, request, scope)):
        reason = f"it fits, but {request.limit} candidates were enough"
    else:
        reason = refusal(tree, request, scope)
    return Refusal(provider.id, provider.name, reason)

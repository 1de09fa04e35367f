"""/allocation_candidates: where a request fits."""

from __future__ import annotations

import re
from typing import Any

from unkai.kit.db import Session
from unkai.kit.errors import BadRequest
from unkai.kit.http import Call, Route
from unkai.placement.actions.find_candidates import find_candidates_apart
from unkai.placement.api.answers import date, need_uuid
from unkai.placement.api.query import (
    check_keys,
    first,
    read_member_of,
    read_resources,
    read_traits,
    single,
)
from unkai.placement.model import Candidate, CandidateRequest, Candidates, Group, Summary
from unkai.placement.service import Placement
from unkai.placement.store import providers

NUMBERED = r"[1-9][0-9]*"
NAMED = r"[a-zA-Z0-9_-]{1,64}"
PARTS = (("resources", "1.10"), ("required", "1.17"), ("member_of", "1.21"), ("in_tree", "1.31"))


def _suffixes(call: Call) -> list[str]:
    """Suffixes of the request's groups, in the order in which they are given."""
    known = [part for part, version in PARTS if call.at_least(version)]
    suffix = NAMED if call.at_least("1.33") else NUMBERED
    pattern = re.compile(f"({'|'.join(known)})({suffix})?")
    allowed = [
        name
        for name, version in (
            ("limit", "1.16"),
            ("group_policy", "1.25"),
            ("root_required", "1.35"),
            ("same_subtree", "1.36"),
        )
        if call.at_least(version)
    ]
    granular = call.at_least("1.25")
    check_keys(call, [*allowed, *known], pattern if granular else None)
    found: dict[str, None] = {}
    for key in call.request.query_params:
        match = pattern.fullmatch(key)
        if key not in allowed and match and match.group(2):
            found[match.group(2)] = None
    return list(found)


async def _group(call: Call, session: Session, suffix: str) -> dict[str, Any]:
    """The fields of one group."""
    given = call.request.query_params
    text = single(call, f"resources{suffix}")
    traits = await read_traits(call, session, given.getlist(f"required{suffix}"))
    aggregates = read_member_of(call, given.getlist(f"member_of{suffix}"))
    in_tree = single(call, f"in_tree{suffix}")
    if in_tree is not None:
        in_tree = need_uuid(in_tree, f"in_tree{suffix}")
        if await providers.get_provider(session, in_tree) is None and text is None:
            raise BadRequest(f"No such provider: {in_tree}.")
    return {
        "suffix": suffix,
        "resources": {} if text is None else await read_resources(session, text),
        "required_traits": traits.required,
        "any_traits": traits.any_of,
        "forbidden_traits": traits.forbidden,
        "member_of": aggregates.member_of,
        "not_member_of": aggregates.not_member_of,
        "in_tree": in_tree,
    }


def _limit(call: Call) -> int | None:
    text = first(call, "limit")
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < 1:
        raise BadRequest(
            f"Invalid query string parameters: limit must be a positive number, not '{text}'.",
            code="query.bad_value",
        )
    return int(text)


def _check_groups(call: Call, own: dict[str, Any], groups: list[Group]) -> None:
    resourceless = [group.suffix for group in groups if not group.resources]
    said = {suffix for text in _subtrees(call) for suffix in text}
    if not own["resources"]:
        if any(own[part] for part in ("required_traits", "any_traits", "forbidden_traits")):
            raise BadRequest(
                "All traits parameters must be associated with resources.",
                code="query.missing_value",
            )
        if own["member_of"] or own["not_member_of"] or own["in_tree"]:
            raise BadRequest(
                "All member_of and in_tree parameters must be associated with resources.",
                code="query.missing_value",
            )
        if not any(group.resources for group in groups):
            raise BadRequest(
                "At least one request group (`resources` or `resources{$S}`) is required.",
                code="query.missing_value",
            )
    alone = [suffix for suffix in resourceless if suffix not in said]
    if alone:
        raise BadRequest(
            f"Request groups without resources must be in same_subtree: {', '.join(alone)}.",
            code="query.missing_value",
        )
    unknown = said - {group.suffix for group in groups}
    if unknown:
        raise BadRequest(
            f"Real suffixes should be specified in same_subtree: {', '.join(sorted(unknown))}.",
            code="query.bad_value",
        )


def _subtrees(call: Call) -> list[frozenset[str]]:
    found: list[frozenset[str]] = []
    for text in call.request.query_params.getlist("same_subtree"):
        suffixes = [one.strip() for one in text.split(",")]
        if not all(suffixes):
            raise BadRequest(
                f"Empty string (unsuffixed group) can not be specified in same_subtree: '{text}'.",
                code="query.bad_value",
            )
        found.append(frozenset(suffixes))
    return found


def _isolate(call: Call, groups: list[Group]) -> bool:
    policy = first(call, "group_policy")
    if policy not in (None, "none", "isolate"):
        raise BadRequest(
            f"Invalid query string parameters: group_policy is none or isolate, not '{policy}'.",
            code="query.bad_value",
        )
    if policy is None and sum(1 for group in groups if group.resources) > 1:
        raise BadRequest(
            'The "group_policy" parameter is required when specifying more than one'
            ' "resources{$S}" parameter.',
            code="query.missing_value",
        )
    return policy == "isolate"


async def _read(call: Call) -> CandidateRequest:
    placement: Placement = call.service
    session = placement.kit.database.reader
    suffixes = _suffixes(call)
    own = await _group(call, session, "")
    groups = [Group(**await _group(call, session, suffix)) for suffix in suffixes]
    roots = call.request.query_params.getlist("root_required")
    if len(roots) > 1:
        raise BadRequest(
            "Query parameter 'root_required' may be given only once.", code="query.duplicate_key"
        )
    if any(text.startswith("in:") for text in roots):
        raise BadRequest("root_required does not take the in: prefix.", code="query.bad_value")
    root = await read_traits(call, session, roots)
    _check_groups(call, own, groups)
    return CandidateRequest(
        **own,
        groups=tuple(groups),
        isolate=_isolate(call, groups),
        limit=_limit(call),
        root_required=root.required,
        root_forbidden=root.forbidden,
        same_subtree=tuple(_subtrees(call)),
        explain=False,
    )


def _request_view(call: Call, candidate: Candidate) -> dict[str, Any]:
    allocations = candidate.allocations.items()
    shown: dict[str, Any] = {
        "allocations": {one: {"resources": dict(given)} for one, given in allocations}
    }
    if not call.at_least("1.12"):
        shown["allocations"] = [
            {"resource_provider": {"uuid": one}, "resources": dict(given)}
            for one, given in allocations
        ]
    if call.at_least("1.34"):
        shown["mappings"] = {suffix: list(ids) for suffix, ids in candidate.mappings.items()}
    return shown


def _summary_view(call: Call, summary: Summary, asked: set[str]) -> dict[str, Any]:
    every = call.at_least("1.27")
    shown: dict[str, Any] = {
        "resources": {
            name: {"capacity": stock.inventory.capacity, "used": stock.used}
            for name, stock in summary.resources.items()
            if every or name in asked
        }
    }
    if call.at_least("1.17"):
        shown["traits"] = sorted(summary.traits)
    if call.at_least("1.29"):
        shown["parent_provider_uuid"] = summary.provider.parent_id
        shown["root_provider_uuid"] = summary.provider.root_id
    return shown


def _without_trees(found: Candidates) -> Candidates:
    """Below 1.29 clients do not expect two providers of one tree."""
    summaries = found.summaries

    def apart(one: Candidate) -> bool:
        roots = [summaries[provider].provider.root_id for provider in one.allocations]
        return len(set(roots)) == len(roots)

    kept = [one for one in found.candidates if apart(one)]
    used = {provider for one in kept for provider in one.allocations}
    shown = {one: summary for one, summary in summaries.items() if one in used}
    return Candidates(kept, [], shown)


async def list_allocation_candidates(call: Call) -> dict[str, Any]:
    placement: Placement = call.service
    request = await _read(call)
    found = await find_candidates_apart(placement, request)
    if not call.at_least("1.29"):
        found = _without_trees(found)
    asked = {name for group in (request, *request.groups) for name in group.resources}
    date(call)
    return {
        "allocation_requests": [_request_view(call, one) for one in found.candidates],
        "provider_summaries": {
            one: _summary_view(call, summary, asked) for one, summary in found.summaries.items()
        },
    }


ROUTES = (
    Route(
        "GET",
        "/allocation_candidates",
        list_allocation_candidates,
        policy="placement:allocation_candidates:list",
        since="1.10",
    ),
)

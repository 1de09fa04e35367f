"""The small languages of placement's query strings: resources, required, member_of.

Each is read into sets; what a microversion did not know yet is refused in its words.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from unkai.kit.db import Session
from unkai.kit.errors import BadRequest
from unkai.kit.http import Call
from unkai.placement.actions.names import unknown_classes, unknown_traits
from unkai.placement.api.answers import need_uuid
from unkai.placement.model import UNIT_MAX

AMOUNT = re.compile(r"[0-9]{1,10}")


def check_keys(
    call: Call, allowed: Collection[str], pattern: re.Pattern[str] | None = None
) -> None:
    """BadRequest for a parameter that the resource does not know."""
    for key in call.request.query_params:
        if key not in allowed and (pattern is None or not pattern.fullmatch(key)):
            raise BadRequest(
                f"Invalid query string parameters: Additional properties are not allowed ('{key}'"
                " was unexpected).",
                code="query.bad_value",
            )


def first(call: Call, key: str) -> str | None:
    """The first value of a parameter that may be repeated without effect."""
    values = call.request.query_params.getlist(key)
    return values[0] if values else None


def single(call: Call, key: str) -> str | None:
    """The one value of a parameter; None if it is absent."""
    values = call.request.query_params.getlist(key)
    if len(values) > 1:
        raise BadRequest(
            f"Query parameter '{key}' may be given only once.", code="query.duplicate_key"
        )
    return values[0] if values else None


async def read_resources(session: Session, text: str) -> dict[str, int]:
    """Read `VCPU:2,MEMORY_MB:512`; BadRequest for an unknown class."""
    found: dict[str, int] = {}
    for part in text.split(","):
        name, colon, amount = (piece.strip() for piece in part.partition(":"))
        wrong = not colon or not AMOUNT.fullmatch(amount) or name in found
        if wrong or not 1 <= int(amount) <= UNIT_MAX:
            raise BadRequest(
                "Badly formed resources parameter. Expected resources query string parameter in"
                f" form: ?resources=VCPU:2,MEMORY_MB:1024. Got: {text}.",
                code="query.bad_value",
            )
        found[name] = int(amount)
    unknown = await unknown_classes(session, found)
    if unknown:
        raise BadRequest(
            f"Invalid resource class in resources parameter: {', '.join(sorted(unknown))}.",
            code="query.bad_value",
        )
    return found


@dataclass(frozen=True, slots=True)
class Traits:
    required: frozenset[str] = frozenset()
    any_of: tuple[frozenset[str], ...] = ()
    forbidden: frozenset[str] = frozenset()


def _bad_traits(text: str, *, forbidden: bool) -> BadRequest:
    form = "HW_CPU_X86_VMX,!CUSTOM_MAGIC" if forbidden else "HW_CPU_X86_VMX,CUSTOM_MAGIC"
    return BadRequest(
        "Invalid query string parameters: Expected 'required' parameter value of the form:"
        f" {form}. Got: {text}",
        code="query.bad_value",
    )


async def read_traits(call: Call, session: Session, values: Sequence[str]) -> Traits:
    """Read `A,!B` and, from 1.39 on, `in:A,B`, also repeated."""
    required: set[str] = set()
    forbidden: set[str] = set()
    any_of: list[frozenset[str]] = []
    if values and not call.at_least("1.39"):
        values = values[-1:]
    for text in values:
        parts = [one.strip() for one in text.removeprefix("in:").split(",")]
        if text.startswith("in:"):
            if not call.at_least("1.39") or not all(parts) or any("!" in one for one in parts):
                raise _bad_traits(text, forbidden=call.at_least("1.22"))
            any_of.append(frozenset(parts))
            continue
        negative = {one[1:] for one in parts if one.startswith("!")}
        if not all(parts) or "" in negative or (negative and not call.at_least("1.22")):
            raise _bad_traits(text, forbidden=call.at_least("1.22"))
        forbidden |= negative
        required |= {one for one in parts if not one.startswith("!")}
    clash = required & forbidden
    if clash:
        raise BadRequest(
            "Conflicting required and forbidden traits found in the following traits keys:"
            f" required: {', '.join(sorted(clash))}.",
            code="query.bad_value",
        )
    unknown = await unknown_traits(session, required.union(forbidden, *any_of))
    if unknown:
        raise BadRequest(f"No such trait(s): {', '.join(sorted(unknown))}.", code="query.bad_value")
    return Traits(frozenset(required), tuple(any_of), frozenset(forbidden))


@dataclass(frozen=True, slots=True)
class Aggregates:
    member_of: tuple[frozenset[str], ...] = ()
    not_member_of: frozenset[str] = frozenset()


def read_member_of(call: Call, values: Sequence[str]) -> Aggregates:
    """Read `uuid`, `in:uuid,uuid`, from 1.32 on `!uuid` and `!in:uuid,uuid`; repeated from 1.24."""
    if len(values) > 1 and not call.at_least("1.24"):
        raise BadRequest(
            "Multiple member_of parameters are not supported below 1.24.",
            code="query.duplicate_key",
        )
    wanted: list[frozenset[str]] = []
    refused: set[str] = set()
    for text in values:
        negative = text.startswith("!")
        if negative and not call.at_least("1.32"):
            raise BadRequest("Forbidden member_of is only supported since 1.32.")
        rest = text.removeprefix("!")
        ids = [one.strip() for one in rest.removeprefix("in:").split(",")]
        if len(ids) > 1 and not rest.startswith("in:"):
            raise BadRequest(
                "Multiple values for 'member_of' must be prefixed with the 'in:' keyword."
                f" Got: {text}",
                code="query.bad_value",
            )
        read = {need_uuid(one, "member_of value: Expected an aggregate uuid, got") for one in ids}
        if negative:
            refused |= read
        else:
            wanted.append(frozenset(read))
    return Aggregates(tuple(wanted), frozenset(refused))

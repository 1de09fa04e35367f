"""What answers and requests of placement have in common: dates, generations, ids."""

from __future__ import annotations

import re
from email.utils import formatdate

from unkai.kit.clock import Clock
from unkai.kit.errors import BadRequest, Conflict
from unkai.kit.http import Call
from unkai.placement.model import Provider
from unkai.placement.service import Placement

UUID = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")


def need_uuid(text: str, what: str) -> str:
    """The id as it is kept; BadRequest if it is none."""
    if not UUID.fullmatch(text):
        raise BadRequest(f"Malformed {what} {text}: it must be a UUID.", code="query.bad_value")
    plain = text.replace("-", "").lower()
    return "-".join((plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]))


def date(call: Call, at: float | None = None) -> None:
    """Say from 1.15 on when what is shown last changed: `at`, or now if nothing says so."""
    if call.at_least("1.15"):
        placement: Placement = call.service
        clock: Clock = placement.kit.clock
        when = clock.now() if at is None else at
        call.headers["last-modified"] = formatdate(when, usegmt=True)
        call.headers["cache-control"] = "no-cache"


def check_generation(provider: Provider, given: int) -> None:
    """Conflict if the client speaks of another state of the provider than there is."""
    if provider.generation != given:
        raise Conflict(
            f"resource provider generation conflict for provider {provider.id}: actual:"
            f" {provider.generation}, given: {given}. Please retry your update.",
            code="concurrent_update",
        )

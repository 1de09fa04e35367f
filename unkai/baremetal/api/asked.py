"""What a request of this API says in its path, its query and loosely typed fields."""

from __future__ import annotations

from typing import Any

from unkai.baremetal.actions.find_node import is_uuid
from unkai.kit.errors import BadRequest, NotAcceptable
from unkai.kit.http import Call

_TRUE = frozenset({"1", "t", "true", "on", "y", "yes"})
_FALSE = frozenset({"0", "f", "false", "off", "n", "no"})


def ident(call: Call, name: str = "node_ident") -> str:
    """An id or name of the path; up to 1.90 it may end in .json, which then means nothing."""
    given = call.params[name]
    return given if call.at_least("1.91") else given.removesuffix(".json")


def boolean(name: str, value: Any) -> bool:
    """True or false, or a word for it; BadRequest else."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower() if isinstance(value, str | int) else ""
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise BadRequest(f"Expected a boolean for {name} but received {value!r}.")


def flag(call: Call, name: str) -> bool | None:
    """A boolean of the query; None where it is not given."""
    given = call.request.query_params.get(name)
    return None if given is None else boolean(name, given)


def text(call: Call, name: str) -> str | None:
    return call.request.query_params.get(name)


def texts(call: Call, name: str) -> list[str] | None:
    """A list of the query, with commas between."""
    given = call.request.query_params.get(name)
    return None if given is None else [part.strip() for part in given.split(",")]


def uuid(call: Call, name: str) -> str | None:
    given = call.request.query_params.get(name)
    if given is not None and not is_uuid(given):
        raise BadRequest(f"Expected a UUID for {name} but received {given}.")
    return given and given.lower()


def need(call: Call, version: str) -> None:
    """NotAcceptable below a microversion."""
    if not call.at_least(version):
        raise NotAcceptable(
            f"Request not acceptable. The minimal required API version should be {version}."
        )


def need_for(call: Call, version: str, *names: str) -> None:
    """NotAcceptable where the query uses one of these below a microversion."""
    if any(name in call.request.query_params for name in names):
        need(call, version)

"""Conditions of inspection rules, by their operators; `!` before one turns it round."""

from __future__ import annotations

import ipaddress
import itertools
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, cast

from unkai.baremetal.actions.rule_values import Known, filled
from unkai.kit.errors import BadRequest, Failed

LONGEST = 10_000
"""Characters of a value that a regular expression is tried on."""


def _chain(compare: Callable[[Any, Any], bool]) -> Callable[..., bool]:
    def holds(values: Any, force_strings: Any = False) -> bool:  # noqa: FBT002  # a rule's argument
        if not isinstance(values, list):
            raise Failed(f"A list of values is needed to compare, not {values!r}.")
        found = cast("list[Any]", values)
        if force_strings:
            found = [str(one) for one in found]
        try:
            return all(compare(a, b) for a, b in itertools.pairwise(found))
        except TypeError as error:
            raise Failed(f"Values {found!r} cannot be compared: {error}.") from error

    return holds


def _is_empty(value: Any) -> bool:
    return value is None or str(value) in ("", "None", "[]", "{}")


def _in_net(address: Any, subnet: Any) -> bool:
    try:
        network = ipaddress.ip_network(str(subnet), strict=False)
        return ipaddress.ip_address(str(address)) in network
    except ValueError as error:
        raise Failed(f"{address} and {subnet} are no address and network: {error}.") from error


def _pattern(regex: Any) -> re.Pattern[str]:
    try:
        return re.compile(str(regex))
    except re.error as error:
        raise Failed(f"{regex!r} is no regular expression: {error}.") from error


def _matches(value: Any, regex: Any) -> bool:
    return _pattern(regex).fullmatch(str(value)[:LONGEST]) is not None


def _contains(value: Any, regex: Any) -> bool:
    return _pattern(regex).search(str(value)[:LONGEST]) is not None


def _is_true(value: Any) -> bool:
    return value.lower() in ("yes", "true") if isinstance(value, str) else bool(value)


def _is_false(value: Any) -> bool:
    return value.lower() in ("no", "false") if isinstance(value, str) else not value


def _one_of(value: Any, values: Any = ()) -> bool:
    return value in values


def _is_none(value: Any) -> bool:
    return value is None or value == "None"


OPERATORS: dict[str, tuple[Callable[..., bool], tuple[str, ...], tuple[str, ...]]] = {
    "eq": (_chain(operator.eq), ("values",), ("force_strings",)),
    "lt": (_chain(operator.lt), ("values",), ("force_strings",)),
    "gt": (_chain(operator.gt), ("values",), ("force_strings",)),
    "is-empty": (_is_empty, ("value",), ()),
    "in-net": (_in_net, ("address", "subnet"), ()),
    "matches": (_matches, ("value", "regex"), ()),
    "contains": (_contains, ("value", "regex"), ()),
    "one-of": (_one_of, ("value",), ("values",)),
    "is-none": (_is_none, ("value",), ()),
    "is-true": (_is_true, ("value",), ()),
    "is-false": (_is_false, ("value",), ()),
}
"""Name to (what decides, arguments it needs, arguments it may have)."""


def split(op: str) -> tuple[str, bool]:
    """The operator's name, and whether it is turned round."""
    name = op.strip()
    return (name[1:].strip(), True) if name.startswith("!") else (name, False)


def named_args(
    op: str, args: Any, needed: tuple[str, ...], optional: tuple[str, ...]
) -> dict[str, Any]:
    """Arguments by name, also of those given in order; BadRequest where they do not fit."""
    if isinstance(args, list):
        given = cast("list[Any]", args)
        if needed == ("values",) and not (given and isinstance(given[0], list)):
            return {"values": given}
        names = (*needed, *optional)
        if len(given) > len(names):
            raise BadRequest(f"{op} takes at most {len(names)} arguments.", code="rule-arguments")
        args = dict(zip(names, given, strict=False))
    found: dict[str, Any] = dict(cast("Mapping[str, Any]", args))
    missing = [name for name in needed if name not in found]
    odd = [name for name in found if name not in (*needed, *optional)]
    if missing or odd:
        said = [f"missing {', '.join(missing)}"] if missing else []
        said += [f"unexpected {', '.join(odd)}"] if odd else []
        raise BadRequest(f"Arguments of {op}: {'; '.join(said)}.", code="rule-arguments")
    return found


def check_condition(condition: Mapping[str, Any]) -> None:
    """BadRequest unless its operator is known and takes its arguments."""
    name, _ = split(condition["op"])
    if name not in OPERATORS:
        raise BadRequest(
            f"Unsupported condition operator: {name!r}. There are {', '.join(OPERATORS)}.",
            code="rule-operator",
        )
    _, needed, optional = OPERATORS[name]
    named_args(name, condition["args"], needed, optional)


def holds(condition: Mapping[str, Any], known: Known) -> bool:
    """Whether it is so of the machine; Failed where its values are of no use."""
    loop: Any = condition.get("loop")
    if not loop:
        return _holds_once(condition, known)
    items: list[Any] = cast("list[Any]", loop) if isinstance(loop, list) else [loop]
    results = [_holds_once(condition, {**known, "item": item}) for item in items]
    multiple = condition.get("multiple", "any")
    if multiple == "last":
        return results[-1]
    if multiple == "all":
        return all(results)
    return any(results)  # any; "first" ends at the first that holds


def _holds_once(condition: Mapping[str, Any], known: Known) -> bool:
    name, turned = split(condition["op"])
    decide, needed, optional = OPERATORS[name]
    args = named_args(name, condition["args"], needed, optional)
    given = {key: filled(value, known) for key, value in args.items()}
    if name in ("is-empty", "is-none") and given["value"] == args["value"] and _names(args):
        given["value"] = None
    if "item" in known and "force_strings" in optional:
        given["force_strings"] = True
    return decide(**given) != turned


def _names(args: Mapping[str, Any]) -> bool:
    """Whether the value is a word in braces: unfilled, it stands for nothing."""
    value = args["value"]
    return isinstance(value, str) and value.startswith("{") and not value.startswith("{{")

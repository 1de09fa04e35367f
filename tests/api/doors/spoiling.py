"""What a hostile or broken client puts where something else was expected."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import reduce
from random import Random
from typing import Any, cast

DEEP: Any = reduce(lambda inner, _: [inner], range(60), cast("Any", None))

VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    2**31,
    -(2**31) - 1,
    2**63 - 1,
    2**64,
    1.5,
    1e308,
    "",
    " ",
    "x" * 256,
    "x" * 5000,
    "x" * 70_000,
    "\0",
    "a\nb\rc",
    "\U0001f980" * 70,
    "../../etc/passwd",
    "' or 1=1; drop table servers --",
    "%s%n{0}{__class__}",
    "1e400",
    "-1",
    "99999999999999999999",
    "0x10",
    "\u0661",
    "11111111-2222-4333-8444-555555555555",
    "10.0.0.0/99",
    "::ffff:1.2.3.4",
    [],
    {},
    [None],
    [[]],
    [{}],
    ["a", "a"],
    ["x"] * 300,
    {"": ""},
    {"a": None},
    {"x" * 300: "y"},
    {"a": {"b": {"c": {}}}},
    DEEP,
)
RAW = (
    b"",
    b"{",
    b"[]",
    b"null",
    b"1",
    b'"a"',
    b"\xff\xfe{}",
    b'{"a": "\\ud800"}',
    b'{"a": NaN}',
    b'{"a": 1e999}',
    b'{"a": 1, "a": 2}',
    b"[" * 5000,
    b'{"a":' * 2000 + b"1" + b"}" * 2000,
    b"\xef\xbb\xbf{}",
)
SEGMENTS = (
    "11111111-2222-4333-8444-555555555555",
    "0",
    "-1",
    "99999999999999999999",
    "\u0661",
    "x" * 300,
    "\U0001f980",
    "a b",
    "..",
    "%00",
    "a;b",
    "a\r\nX-Evil: 1",
    "'",
    "null",
)
QUERIES = (
    b"limit=-1",
    b"limit=99999999999999999999",
    b"limit=x",
    b"limit=",
    b"limit=%D9%A1",
    b"marker=nonsense",
    b"marker=%00",
    b"marker=" + b"x" * 5000,
    b"sort_key=;drop&sort_dir=up",
    b"sort=;drop:sideways",
    b"sort_key=id&sort_key=name&sort_dir=asc",
    b"sort_key=__class__",
    b"fields=password",
    b"id=%FF",
    b"id=a&id=b",
    b"name=%F0%9F%A6%80",
    b"name=" + b"x" * 5000,
    b"name=%25_%5C",
    b"changes-since=yesterday",
    b"changes-since=0000-00-00",
    b"changes-before=99999-01-01T00:00:00Z",
    b"created_at=gt:yesterday",
    b"status=nothing&tags=a,b&not-tags=,",
    b"size_min=99999999999999999999&size_max=x",
    b"ip=(((((&ip6=[",
    b"name=[[:foo:]]",
    b"ip=a%7B,3%7D&name=%5CZ",
    b"start=x&end=y&detailed=maybe",
    b"all_tenants=2&deleted=maybe",
    b"resources=VCPU:-1",
    b"resources=VCPU:1:1,:,&limit=0",
    b"required=!&member_of=in:&in_tree=x",
    b"resources1=VCPU:99999999999&group_policy=none",
    b"fixed_ips=ip_address%3Dx&fixed_ips=subnet_id",
    b"page_reverse=maybe&limit=1",
    b"=&&=a&%",
    b"scope.project.id=%F0&role.id=&effective=x",
    b"format=xml",
    b"minDisk=x&minRam=-1&is_public=perhaps",
)


def spoiled(least: Any, most: Any, random: Random) -> Any:
    """The least body with one part of it wrong, or with one more part that may be."""
    holder = {"whole": copy.deepcopy(least)}
    if random.random() < 0.5:
        _add_from({"whole": most}, holder, random)
        return holder["whole"]
    parent, key = random.choice(list(_places(holder)))
    named = _is(parent, dict) and parent is not holder
    kind = random.random()
    if kind < 0.05 and named:
        parent["odd" * random.randint(1, 100)] = parent.pop(key)
    elif kind < 0.1 and named:
        del parent[key]
    else:
        parent[key] = random.choice(VALUES)
    return holder["whole"]


def _add_from(most: Any, least: Any, random: Random) -> None:
    """Put one part of `most` into its place in `least`: mostly wrong, sometimes as it is."""
    while True:
        key: Any = 0
        if not most or (_is(most, list) and not least):
            return
        if _is(most, dict):
            key = random.choice(_names(most))
        inner: Any = most[key]
        there = key in _names(least) if _is(least, dict) else bool(least)
        deeper = bool(_is(inner, dict, list) and inner and there)
        if not deeper or not isinstance(least[key], type(inner)):
            new: Any = inner if random.random() < 0.3 else random.choice(VALUES)
            if _is(inner, dict) and inner and random.random() < 0.5:
                new = {**inner, random.choice(_names(inner)): random.choice(VALUES)}
            least[key] = new
            return
        most, least = inner, least[key]


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    for key in _names(value) if _is(value, dict) else range(len(value)):
        inner: Any = value[key]
        yield value, key
        if _is(inner, dict, list):
            yield from _places(inner)


def _is(value: Any, *kinds: type) -> bool:
    return isinstance(value, kinds)


def _names(value: Any) -> list[Any]:
    return list(value)


def encoded(body: Any) -> bytes:
    return json.dumps(body).encode()

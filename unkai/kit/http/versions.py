"""Microversions sit at the door: fields say since when they exist; inside there is only the newest.

    class ServerView(msgspec.Struct):
        hostname: Annotated[str, since("2.3")]
        flavor: Annotated[dict, changed("2.47", up=..., down=flavor_as_link)]

A request body is decoded at the newest shape after fields newer than the asked version were
refused; a response is made at the newest shape and stripped down to the asked version. What to
strip is computed once per type and version.
"""

from __future__ import annotations

import copy
import functools
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import msgspec
from msgspec import UNSET

from unkai.kit.errors import BadRequest

Version = tuple[int, int]
NEWEST: Version = (999, 999)


@functools.lru_cache(maxsize=1024)
def parse(text: str) -> Version:
    """Read `2.96` as (2, 96); ValueError if it is not a version."""
    major, _, minor = text.partition(".")
    if not (major.isdigit() and minor.isdigit()):
        raise ValueError(text)
    return int(major), int(minor)


@dataclass(frozen=True)
class FieldVersions:
    since: Version = (0, 0)
    until: Version = NEWEST
    changed_at: Version | None = None
    up: Callable[[Any], Any] | None = None
    down: Callable[[Any], Any] | None = None


def since(version: str, until: str | None = None) -> msgspec.Meta:
    """The field exists from this version on (and up to and including `until`)."""
    last = parse(until) if until else NEWEST
    return msgspec.Meta(extra={"versions": FieldVersions(parse(version), last)})


def changed(
    at: str, *, up: Callable[[Any], Any] | None = None, down: Callable[[Any], Any] | None = None
) -> msgspec.Meta:
    """The field has another shape below `at`: `up` for requests, `down` for responses."""
    return msgspec.Meta(extra={"versions": FieldVersions(changed_at=parse(at), up=up, down=down)})


@dataclass(frozen=True)
class _FieldPlan:
    name: str
    versions: FieldVersions | None
    inner: _Plan | None


@dataclass(frozen=True)
class _Plan:
    """The versioned parts of a type; `of` says how to reach its structs: struct, list or dict."""

    of: str
    fields: tuple[_FieldPlan, ...] = ()
    inner: _Plan | None = None


@functools.cache
def plan(tp: Any) -> _Plan | None:
    """The versioned parts of a type, None if it has none."""
    origin = typing.get_origin(tp)
    if origin is typing.Annotated:
        return plan(typing.get_args(tp)[0])
    if origin in (typing.Union, types.UnionType):
        for choice in typing.get_args(tp):
            found = plan(choice)
            if found is not None:
                return found
        return None
    if origin in (list, tuple, dict):
        arguments = typing.get_args(tp)
        inner = plan(arguments[-1 if origin is dict else 0]) if arguments else None
        return _Plan("dict" if origin is dict else "list", inner=inner) if inner else None
    if not (isinstance(tp, type) and issubclass(tp, msgspec.Struct)):
        return None
    fields: list[_FieldPlan] = []
    for field in msgspec.structs.fields(tp):
        versions = _field_versions(field.type)
        inner = plan(field.type)
        if versions is not None or inner is not None:
            fields.append(_FieldPlan(field.encode_name, versions, inner))
    return _Plan("struct", tuple(fields)) if fields else None


def _field_versions(tp: Any) -> FieldVersions | None:
    if typing.get_origin(tp) is typing.Annotated:
        for meta in typing.get_args(tp)[1:]:
            if isinstance(meta, msgspec.Meta) and meta.extra and "versions" in meta.extra:
                return meta.extra["versions"]
    return None


def lift(data: Any, shape: _Plan, version: Version, path: str = "$") -> Any:
    """Bring a request's JSON up to the newest shape; BadRequest for fields newer than `version`."""
    if shape.of == "list" and isinstance(data, list) and shape.inner:
        items = cast("list[Any]", data)
        return [lift(item, shape.inner, version, f"{path}[...]") for item in items]
    if not isinstance(data, dict):
        return cast("Any", data)
    body = cast("dict[str, Any]", data)
    if shape.of == "dict" and shape.inner:
        return {k: lift(v, shape.inner, version, f"{path}.{k}") for k, v in body.items()}
    for field in shape.fields:
        if field.name not in body:
            continue
        versions = field.versions
        if versions is not None:
            if not versions.since <= version <= versions.until:
                raise BadRequest(
                    f"Invalid input for {path}: additional properties are not allowed "
                    f"('{field.name}' was unexpected) at microversion {version[0]}.{version[1]}.",
                    code="invalid-body",
                )
            if versions.changed_at and version < versions.changed_at and versions.up:
                body[field.name] = versions.up(body[field.name])
        if field.inner is not None:
            body[field.name] = lift(body[field.name], field.inner, version, f"{path}.{field.name}")
    return body


Lowering = Callable[[Any], Any]


@functools.cache
def lowering(tp: Any, version: Version) -> Lowering | None:
    """How a view of this type is brought down to `version`; None where nothing differs.

    It copies what it changes: a view may share parts with others.
    """
    origin = typing.get_origin(tp)
    if origin is typing.Annotated:
        return lowering(typing.get_args(tp)[0], version)
    if origin in (typing.Union, types.UnionType):
        return _lowering_of_any(tp, version)
    if origin in (list, tuple, dict):
        arguments = typing.get_args(tp)
        inner = lowering(arguments[-1 if origin is dict else 0], version) if arguments else None
        if inner is None:
            return None
        if origin is dict:
            return lambda value: {key: inner(item) for key, item in value.items()}
        return lambda value: [inner(item) for item in value]
    if isinstance(tp, type) and issubclass(tp, msgspec.Struct):
        return _lowering_of_struct(tp, version)
    return None


def _lowering_of_any(tp: Any, version: Version) -> Lowering | None:
    choices: dict[type, Lowering] = {}
    for choice in typing.get_args(tp):
        found = lowering(choice, version)
        if found is not None:
            choices[typing.get_origin(choice) or choice] = found
    if not choices:
        return None

    def lower(value: Any) -> Any:
        kind = cast("Any", type(value))
        found = choices.get(kind)
        return value if found is None else found(value)

    return lower


def _lowering_of_struct(tp: type[msgspec.Struct], version: Version) -> Lowering | None:
    changes: list[tuple[str, Lowering]] = []
    for field in msgspec.structs.fields(tp):
        versions = _field_versions(field.type)
        if versions is not None and not versions.since <= version <= versions.until:
            changes.append((field.name, _hide))
            continue
        if versions is not None and versions.changed_at and version < versions.changed_at:
            if versions.down is not None:
                changes.append((field.name, _with_builtins(versions.down)))
            continue
        inner = lowering(field.type, version)
        if inner is not None:
            changes.append((field.name, inner))
    if not changes:
        return None

    def lower(value: Any) -> Any:
        made = copy.copy(value)
        for name, change in changes:
            had = getattr(made, name)
            if had is not UNSET:
                msgspec.structs.force_setattr(made, name, change(had))
        return made

    return lower


def _hide(value: Any) -> Any:
    return UNSET


def _with_builtins(down: Lowering) -> Lowering:
    return lambda value: down(msgspec.to_builtins(value))


def encode(value: Any, version: Version) -> bytes:
    """JSON of a view (a Struct, or plain dicts and lists) at `version`."""
    if isinstance(value, msgspec.Struct) and version != NEWEST:
        lower = lowering(type(value), version)
        if lower is not None:
            value = lower(value)
    return msgspec.json.encode(value)

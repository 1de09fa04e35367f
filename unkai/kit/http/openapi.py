"""OpenAPI 3.1 of an API, made from its routes; committed under openapi/, drift fails a test."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from unkai.kit.http.route import Api, Route
from unkai.kit.http.versions import NEWEST, Version

REF = "#/components/schemas/{name}"


def describe(api: Api, version: str) -> dict[str, Any]:
    """The whole document of one API; `version` is the program's."""
    types = {t for route in api.routes for t in (body_of(route), route.response) if t is not None}
    ordered = sorted(types, key=repr)
    schemas, components = msgspec.json.schema_components(
        ordered, schema_hook=_schema_hook, ref_template=REF
    )
    schema_of = dict(zip(ordered, schemas, strict=True))
    paths: dict[str, Any] = {}
    for route in api.routes:
        item = paths.setdefault(route.path or "/", {})
        known = item.get(route.method.lower())
        described = _operation(api, route, schema_of)
        item[route.method.lower()] = _join(known, described, route) if known else described
    info: dict[str, Any] = {"title": f"Unkai {api.name}", "version": version}
    if api.microversions is not None:
        info["x-microversions"] = {
            "minimum": _text(api.microversions.lowest),
            "maximum": _text(api.microversions.highest),
        }
    return {
        "openapi": "3.1.0",
        "info": info,
        "servers": [{"url": api.prefix}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(components.items())),
            "securitySchemes": {
                "token": {"type": "apiKey", "in": "header", "name": "X-Auth-Token"}
            },
        },
    }


def _schema_hook(tp: type) -> dict[str, Any]:
    """Types that msgspec has no schema for are any JSON."""
    return {}


def _text(version: Version) -> str:
    return f"{version[0]}.{version[1]}"


def _operation(api: Api, route: Route, schema_of: dict[Any, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _operation_id(route),
        "tags": [api.name],
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in re.findall(r"{(\w+)}", route.path)
        ],
        "responses": {str(route.status): _response(route, schema_of)},
    }
    if route.summary:
        operation["summary"] = route.summary
    if route.policy is not None:
        operation["security"] = [{"token": []}]
        operation["x-policy"] = route.policy
    if route.first > (0, 0):
        operation["x-microversion-since"] = _text(route.first)
    if route.last != NEWEST:
        operation["x-microversion-until"] = _text(route.last)
    if route.query is not None:
        operation["parameters"] += _query_parameters(route.query)
    if route.action is not None:
        operation["requestBody"] = _body([_action_schema(route, schema_of)])
    elif route.body is not None:
        operation["requestBody"] = _body([schema_of[body_of(route)]])
    return operation


def body_of(route: Route) -> Any:
    """The type that describes a route's body."""
    return route.body if route.shape is None else route.shape


def _operation_id(route: Route) -> str:
    """Unique in its API: `get_servers_server_id`."""
    return "_".join([route.method.lower(), *re.findall(r"[\w-]+", route.path)])


def _response(route: Route, schema_of: dict[Any, Any]) -> dict[str, Any]:
    response: dict[str, Any] = {"description": "OK"}
    if route.response is not None:
        response["content"] = {"application/json": {"schema": schema_of[route.response]}}
    return response


def _action_schema(route: Route, schema_of: dict[Any, Any]) -> dict[str, Any]:
    assert route.action is not None
    inner: dict[str, Any] = schema_of[body_of(route)] if route.body is not None else {}
    return {
        "type": "object",
        "required": [route.action],
        "properties": {route.action: inner},
        "additionalProperties": False,
    }


def _body(schemas: list[dict[str, Any]]) -> dict[str, Any]:
    schema = schemas[0] if len(schemas) == 1 else {"oneOf": schemas}
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _join(known: dict[str, Any], new: dict[str, Any], route: Route) -> dict[str, Any]:
    """Two routes of one method and path: actions become one `oneOf`, else the newest stays."""
    if route.action is None:
        return new
    content = known["requestBody"]["content"]["application/json"]
    schemas = content["schema"].get("oneOf") or [content["schema"]]
    (added,) = _schemas_of(new)
    content["schema"] = {"oneOf": [*schemas, added]}
    known["responses"].update(new["responses"])
    known.pop("x-policy", None)
    return known


def _schemas_of(operation: dict[str, Any]) -> Iterable[dict[str, Any]]:
    return [operation["requestBody"]["content"]["application/json"]["schema"]]


def _query_parameters(query: Any) -> list[dict[str, Any]]:
    (schema,), components = msgspec.json.schema_components([query], schema_hook=_schema_hook)
    body = components.get(query.__name__, schema)
    return [
        {"name": name, "in": "query", "required": False, "schema": inner}
        for name, inner in body.get("properties", {}).items()
        if "$ref" not in str(inner)
    ]

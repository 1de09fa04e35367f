"""No body makes an answer of 500 and up: every field of every route, with odd values."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.api.identity.cloud import Cloud
from unkai.identity.api import identity_api

pytestmark = pytest.mark.anyio

ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    1.5,
    2**63,
    "",
    "x" * 70,
    "x" * 300,
    "\N{GRINNING FACE}",
    "a\0b",
    [],
    ["x"],
    [None],
    [{}],
    {},
    {"x": {"y": [1]}},
)
WELL: dict[str, Any] = {"name": "n", "type": "t", "blob": "b", "url": "http://x", "password": "p"}


def bodies(shape: Any) -> list[Any]:
    """Bodies for a route's struct {key: {field: value}} with one odd value each."""
    found: list[Any] = list(ODD)
    for outer in msgspec.structs.fields(shape):
        found += [{outer.encode_name: value} for value in ODD]
        inner = outer.type
        if not (isinstance(inner, type) and issubclass(inner, msgspec.Struct)):
            continue
        names = [field.encode_name for field in msgspec.structs.fields(inner)]
        base = {name: WELL[name] for name in names if name in WELL}
        for name in [*names, "something_else"]:
            found += [{outer.encode_name: {**base, name: value}} for value in ODD]
    return found


@pytest.mark.thorough
async def test_odd_bodies(either: Cloud) -> None:
    admin = await either.token("admin")
    project = await either.make(admin, "project", name="target")
    ids = {
        "project_id": project["id"],
        "user_id": either.seeded.demo_user_id,
        "region_id": "RegionOne",
        "role_id": await either.role_id("service"),
        "group_id": (await either.make(admin, "group", name="target"))["id"],
        "domain_id": (await either.make(admin, "domain", name="target"))["id"],
    }
    for route in identity_api(either.identity).routes:
        if route.body is None:
            continue
        path = route.path
        for name, value in ids.items():
            path = path.replace(f"{{{name}}}", value)
        for number, body in enumerate(bodies(route.body)):
            content = msgspec.json.encode(body)
            where = f"/identity{path}".replace("{", "").replace("}", "")
            answer = await either.http.request(
                route.method, where, content=content, headers={"X-Auth-Token": admin}
            )
            assert answer.status_code < 500, (route.method, path, body)
            if answer.status_code == 401 and route.policy is not None:
                pytest.fail(f"the token ended at {number}: {route.method} {path} {body}")

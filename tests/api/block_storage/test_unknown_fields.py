"""What nobody reads is refused: a misspelt word would be lost without a sign."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec import inspect

from tests.api.block_storage.conftest import Cloud
from unkai.block_storage.api import ROUTES
from unkai.block_storage.api.types import SetDefault
from unkai.block_storage.api.volumes import NewVolume

pytestmark = pytest.mark.anyio
OPEN = frozenset({NewVolume, SetDefault})
"""The first is closed since 3.53; around a default type Cinder lets anything stand."""


def structs(info: inspect.Type) -> Iterator[inspect.StructType]:
    if isinstance(info, inspect.UnionType):
        for one in info.types:
            yield from structs(one)
    if isinstance(info, inspect.StructType):
        yield info
        for field in info.fields:
            yield from structs(field.type)


def test_every_body_is_closed() -> None:
    asked = (inspect.type_info(route.body) for route in ROUTES if route.body is not None)
    found = [one for info in asked for one in structs(info)]

    left = {one.cls for one in found if not one.forbid_unknown_fields}

    assert len(found) > 50
    assert left == OPEN


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/volumes", {"volume": {"size": 1}, "colour": "red"}),
        ("/volumes", {"volume": {"size": 1, "colour": "red"}}),
        ("/volumes/{volume}/action", {"os-extend": {"new_size": 2, "colour": "red"}}),
        ("/snapshots", {"snapshot": {"volume_id": "{volume}", "colour": "red"}}),
        ("/backups", {"backup": {"volume_id": "{volume}", "colour": "red"}}),
        ("/volume-transfers", {"transfer": {"volume_id": "{volume}", "colour": "red"}}),
        ("/attachments", {"attachment": {"volume_uuid": "{volume}", "colour": "red"}}),
        ("/types", {"volume_type": {"name": "fast", "colour": "red"}}),
    ],
)
async def test_an_unknown_field_is_refused_and_nothing_done(
    cloud: Cloud, path: str, body: dict[str, Any]
) -> None:
    volume_id = (await cloud.make("admin"))["id"]
    inner = next(iter(body.values()))
    given = {name: volume_id if said == "{volume}" else said for name, said in inner.items()}
    said = {**body, next(iter(body)): given}

    answer = await cloud.call("POST", path.format(volume=volume_id), "admin", json=said)

    assert answer.status_code == 400
    assert "colour" in answer.json()["badRequest"]["message"]
    assert (await cloud.show("volumes", volume_id, "admin"))["status"] == "available"
    assert await cloud.ids("/volumes", "admin") == [volume_id]


async def test_a_new_volume_is_closed_since_3_53(cloud: Cloud) -> None:
    body = {"volume": {"size": 1, "colour": "red"}, "OS-SCH-HNT:scheduler_hints": {"a": "b"}}

    elder = await cloud.call("POST", "/volumes", version="3.52", json=body)
    newer = await cloud.call("POST", "/volumes", version="3.53", json=body)
    del body["volume"]["colour"]  # type: ignore[attr-defined]
    hinted = await cloud.call("POST", "/volumes", version="3.53", json=body)

    assert [one.status_code for one in (elder, newer, hinted)] == [202, 400, 202]

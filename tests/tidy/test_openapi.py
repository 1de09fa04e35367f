"""openapi/ is what the routes say, and whole."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, cast

import pytest

from tests.tidy.checkout import files

DOCUMENTS = {path.stem: json.loads(path.read_text()) for path in files("openapi/*.json")}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_operation_has_an_id_of_its_own(name: str) -> None:
    ids = Counter(operation["operationId"] for operation in operations(DOCUMENTS[name]))
    assert [one for one, count in ids.items() if count > 1] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_reference_leads_somewhere(name: str) -> None:
    document = DOCUMENTS[name]
    there = {f"#/components/schemas/{one}" for one in document["components"]["schemas"]}
    assert set(references(document)) <= there


def operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in document["paths"].values():
        yield from item.values()


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        parts = cast("dict[str, Any]", value)
        if isinstance(parts.get("$ref"), str):
            yield parts["$ref"]
        for inner in parts.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in cast("list[Any]", value):
            yield from references(inner)

"""The path of every request: fast, and never behind the truth."""

from __future__ import annotations

import time

import pytest

from tests.api.identity.cloud import Cloud
from unkai.identity.actions.authenticate import authenticate
from unkai.identity.actions.get_project import get_project
from unkai.identity.store import token_cache
from unkai.identity.store.generation import move_generation
from unkai.kit.db import Tx
from unkai.kit.db.sqlite import SqliteDatabase

pytestmark = pytest.mark.anyio


async def test_a_caller_says_who_and_where(cloud: Cloud, demo: str) -> None:
    caller = await authenticate(cloud.identity, demo, "req-7")

    assert (caller.user_id, caller.user_name) == (cloud.seeded.demo_user_id, "demo")
    assert (caller.project_id, caller.project_name) == (cloud.seeded.demo_project_id, "demo")
    assert caller.roles == {"member", "reader"}
    assert caller.request_id == "req-7"
    assert not caller.is_admin


async def test_known_tokens_need_no_statement(cloud: Cloud, demo: str) -> None:
    statements: list[str] = []
    database = cloud.identity.kit.database
    assert isinstance(database, SqliteDatabase)
    database.on_statement(statements.append)
    await authenticate(cloud.identity, demo, "req")
    statements.clear()

    started = time.process_time()
    for _ in range(1000):
        await authenticate(cloud.identity, demo, "req")
    each_us = (time.process_time() - started) * 1000

    assert statements == []
    assert each_us < 100


async def test_the_cache_is_bounded(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_cache, "LIMIT", 3)
    tokens = [await cloud.token("demo") for _ in range(5)]

    for token in tokens:
        await authenticate(cloud.identity, token, "req")
        assert len(cloud.identity.cache.entries) <= 3
    assert tokens[-1] in cloud.identity.cache.entries


async def test_a_change_by_another_replica_is_seen_soon(cloud: Cloud, demo: str) -> None:
    await authenticate(cloud.identity, demo, "req")

    async def other_replica(tx: Tx) -> None:
        await move_generation(tx, cloud.watch.now())

    await cloud.identity.kit.database.transact(other_replica)
    assert demo in cloud.identity.cache.entries
    drops = cloud.identity.cache.drops
    cloud.watch.ahead_s = token_cache.RECHECK_S
    await authenticate(cloud.identity, demo, "req")

    assert cloud.identity.cache.drops > drops


async def test_projects_for_other_services(cloud: Cloud) -> None:
    reader = cloud.identity.kit.database.reader

    found = await get_project(cloud.identity, reader, cloud.seeded.demo_project_id)

    assert found is not None
    assert (found.name, found.domain_id, found.enabled) == ("demo", "default", True)
    assert await get_project(cloud.identity, reader, "nothing") is None

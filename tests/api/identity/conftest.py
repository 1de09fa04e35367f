"""A cloud with nothing but identity."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.identity.cloud import Cloud, open_cloud


@pytest.fixture
async def cloud(tmp_path: Path) -> AsyncIterator[Cloud]:
    async with open_cloud(tmp_path, str(tmp_path / "identity.db")) as cloud:
        yield cloud


@pytest.fixture
async def either(tmp_path: Path, database_url: str) -> AsyncIterator[Cloud]:
    """The same on SQLite and on PostgreSQL."""
    async with open_cloud(tmp_path, database_url) as cloud:
        yield cloud


@pytest.fixture
async def admin(cloud: Cloud) -> str:
    return await cloud.token("admin")


@pytest.fixture
async def demo(cloud: Cloud) -> str:
    """A member of project demo."""
    return await cloud.token("demo")

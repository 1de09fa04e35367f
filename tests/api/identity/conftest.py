"""A cloud with nothing but identity."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.identity.cloud import Cloud, open_cloud


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a seeded cloud's database and keys: copying it is faster than seeding."""
    folder = tmp_path_factory.mktemp("seeded")

    async def seed() -> None:
        async with open_cloud(folder, str(folder / "identity.db")):
            pass

    asyncio.run(seed())
    return folder


@pytest.fixture
async def cloud(tmp_path: Path, seeded: Path) -> AsyncIterator[Cloud]:
    folder = tmp_path / "cloud"
    shutil.copytree(seeded, folder)
    async with open_cloud(folder, str(folder / "identity.db")) as cloud:
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

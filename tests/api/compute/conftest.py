"""A cloud on two hosts in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.compute.cloud import Cloud, Outside, opened


@pytest.fixture
async def cloud(tmp_path: Path) -> AsyncIterator[Cloud]:
    async with opened(Outside(tmp_path)) as cloud:
        yield cloud

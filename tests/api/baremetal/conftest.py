"""The bare-metal service on played machines."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.baremetal.rig import Outside, Rig, opened


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    outside = Outside(tmp_path)
    async with opened(outside) as rig:
        yield rig
    await outside.agents.stop()

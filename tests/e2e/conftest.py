"""Real clouds: one for all of a session's tests that only add to it and clean up."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.browser.conftest import built, chromium
from tests.clouds import RunningCloud, running_cloud

__all__ = ["built", "chromium"]


@pytest.fixture(scope="session")
def real_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """QEMU, OVN, a namespace. Tests that take it run one after another: mark them `xdist_group`."""
    if os.geteuid() != 0:
        pytest.skip("a real cloud needs root")
    with running_cloud(tmp_path_factory.mktemp("real") / "cloud", fake=False) as cloud:
        yield cloud


@pytest.fixture(scope="session")
def fake_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    with running_cloud(tmp_path_factory.mktemp("fake") / "cloud", fake=True) as cloud:
        yield cloud

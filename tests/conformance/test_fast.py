"""The fast part of conformance: what is known to pass on played hosts still does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clouds import running_cloud
from tests.conformance.run import HERE, read_list, run_there
from tests.conformance.tempest_run import PASSED

TIMEOUT_S = 900
KNOWN = set(read_list(HERE / "passing-fake.txt"))
FIRST = [test for test in read_list(HERE / "lists" / "first.txt") if test in KNOWN]

pytestmark = [
    pytest.mark.xdist_group("conformance"),
    pytest.mark.timeout(TIMEOUT_S),
    pytest.mark.filterwarnings("ignore"),  # openstacksdk's own, about its future
]


def test_the_first_list_passes_on_played_hosts(tmp_path: Path) -> None:
    with running_cloud(tmp_path / "cloud", fake=True) as cloud:
        outcomes = run_there(cloud, tmp_path, FIRST)

    lost = [f"{one.test}: {one.state}: {one.reason}" for one in outcomes if one.state != PASSED]
    assert lost == []

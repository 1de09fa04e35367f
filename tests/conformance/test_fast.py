"""The fast part of conformance: what is known to pass on played hosts still does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clouds import running_cloud
from tests.conformance.run import HERE, read_list, run_there
from tests.conformance.tempest_run import PASSED

TIMEOUT_S = 900
KNOWN = set(read_list(HERE / "passing-fake.txt"))
CHOSEN = [
    test
    for name in ("first", "fast")
    for test in read_list(HERE / "lists" / f"{name}.txt")
    if test in KNOWN
]

pytestmark = [
    pytest.mark.xdist_group("conformance"),
    pytest.mark.timeout(TIMEOUT_S),
    # openstacksdk warns of its own future, in its own calls of itself
    *(
        pytest.mark.filterwarnings(f"ignore:{start}:openstack.warnings.{kind}")
        for start, kind in (
            ("Support for InfluxDB", "RemovedInSDK60Warning"),
            ("The ignore_missing parameter of all find_", "RemovedInSDK60Warning"),
            ("The 'service_type' parameter is unnecesary", "RemovedInSDK50Warning"),
            ("The _compute_attributes method is", "RemovedInSDK50Warning"),
        )
    ),
]


def test_the_chosen_lists_pass_on_played_hosts(tmp_path: Path) -> None:
    with running_cloud(tmp_path / "cloud", fake=True) as cloud:
        outcomes = run_there(cloud, tmp_path, list(dict.fromkeys(CHOSEN)))

    lost = [f"{one.test}: {one.state}: {one.reason}" for one in outcomes if one.state != PASSED]
    assert lost == []

"""One furnished cloud for a module, whose streams beat often."""

from __future__ import annotations

import itertools
import logging
from collections.abc import AsyncIterator, Iterator

import pytest
import structlog

from tests import postgres
from tests.api.doors.house import House, open_house
from unkai.settings import OperatorSettings

OPERATOR = OperatorSettings(streams_per_user=200, heartbeat_s=0.2, stream_queue=20)
_numbers = itertools.count(1)


def pytest_itemcollected(item: pytest.Item) -> None:
    """One worker furnishes a module's cloud, not each."""
    item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module", autouse=True)
def quiet() -> Iterator[None]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    yield
    structlog.reset_defaults()


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.thorough)]
)
async def house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    folder, url = tmp_path_factory.mktemp("house"), ""
    if request.param == "postgresql":
        if postgres.programs() is None:
            pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
        cluster = request.getfixturevalue("postgres_cluster")
        url = postgres.make_database(cluster, f"operator{next(_numbers)}")
    async with open_house(folder, url, OPERATOR) as house:
        yield house

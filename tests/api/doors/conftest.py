"""One furnished cloud for all tests of a module."""

from __future__ import annotations

import itertools
import logging
from collections.abc import AsyncIterator, Iterator

import pytest
import structlog

from tests import postgres
from tests.api.doors.house import House, open_house

_numbers = itertools.count(1)


def pytest_itemcollected(item: pytest.Item) -> None:
    """One worker furnishes a module's cloud, not each."""
    item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module", autouse=True)
def quiet() -> Iterator[None]:
    """Thousands of requests: only what fails is said."""
    loud = structlog.make_filtering_bound_logger(logging.ERROR)
    structlog.configure(wrapper_class=loud)
    yield
    structlog.reset_defaults()


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.thorough)]
)
def any_database(request: pytest.FixtureRequest) -> str:
    """An empty PostgreSQL's URL, or none for SQLite.

    Most of what is asked at the doors never comes to a difference between the two; what does, races
    first of all, takes both for the quick gate as well.
    """
    if request.param == "sqlite":
        return ""
    if postgres.programs() is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    folder = request.getfixturevalue("postgres_cluster")
    return postgres.make_database(folder, f"house{next(_numbers)}")


@pytest.fixture(scope="module")
async def house(
    quiet: None, any_database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    async with open_house(tmp_path_factory.mktemp("house"), any_database) as house:
        yield house

"""What every test may use."""

from __future__ import annotations

import gc
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgres

_numbers = itertools.count(1)


def pytest_collection_finish() -> None:
    """What is imported by now stays: the garbage collector need not look at it again and again.

    Nor at the little that a test makes: it took a tenth of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[str]:
    """The socket folder of a PostgreSQL of this test session's own."""
    with postgres.cluster() as folder:
        yield folder


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.thorough)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database: a test that takes it runs on both kinds."""
    if request.param == "sqlite":
        return str(tmp_path / "unkai.db")
    if postgres.programs() is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    folder = request.getfixturevalue("postgres_cluster")
    return postgres.make_database(folder, f"test{next(_numbers)}")

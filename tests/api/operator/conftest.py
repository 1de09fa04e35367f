"""One furnished cloud for a module, whose streams beat often."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator

import pytest
import structlog

from tests.api.doors.house import House, open_house
from unkai.settings import OperatorSettings

OPERATOR = OperatorSettings(streams_per_user=200, heartbeat_s=0.2, stream_queue=20)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module", autouse=True)
def quiet() -> Iterator[None]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("house")
    async with open_house(folder, operator=OPERATOR) as house:
        yield house

"""The wire is read from the tables by several statements; a write may come between any two."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.api.network.conftest import Cloud
from unkai.kit.db import Session
from unkai.network.actions.load_desired import everything, load_desired
from unkai.network.drivers.base import Ref
from unkai.network.reconcilers.put_on_wire import CompareWire

pytestmark = [pytest.mark.anyio, pytest.mark.thorough]

STATEMENTS = 24


class Torn(Session):
    """A reader in whose way something happens just before its nth statement."""

    def __init__(self, reader: Session, nth: int, between: Callable[[], Awaitable[None]]) -> None:
        self._reader = reader
        self._left = nth
        self._between = between

    async def execute(self, statement: Any, parameters: Any = None) -> Any:
        if self._left == 0:
            await self._between()
        self._left -= 1
        return await self._reader.execute(statement, parameters)


async def furnished(cloud: Cloud) -> tuple[str, str]:
    """A router with one interface, and the second subnet of its network."""
    network = (await cloud.make("network"))["id"]
    first, second = [
        (await cloud.make("subnet", network_id=network, ip_version=4, cidr=cidr))["id"]
        for cidr in ("10.1.0.0/24", "10.2.0.0/24")
    ]
    router = (await cloud.make("router"))["id"]
    plug = f"/routers/{router}/add_router_interface"
    await cloud.ask("PUT", plug, {"subnet_id": first}, status=200)
    return router, second


@pytest.mark.parametrize("nth", range(STATEMENTS))
@pytest.mark.parametrize("change", ["plug", "remove"])
async def test_a_write_between_two_statements(cloud: Cloud, change: str, nth: int) -> None:
    """Nothing fails; what was half there is told afterwards, by the write's own mark."""
    router, second = await furnished(cloud)
    spare = (await cloud.make("network"))["id"]
    subnet = (await cloud.make("subnet", network_id=spare, ip_version=4, cidr="10.3.0.0/24"))["id"]
    port = (await cloud.make("port", network_id=spare))["id"]
    interface = f"/routers/{router}/add_router_interface"

    async def between() -> None:
        if change == "plug":
            await cloud.ask("PUT", interface, {"subnet_id": second}, status=200)
            return
        await cloud.remove("port", port)
        await cloud.remove("subnet", subnet)
        await cloud.remove("network", spare)

    reader = cloud.service.kit.database.reader
    refs = [Ref("network", spare), Ref("subnet", subnet), *await everything(reader)]
    await load_desired(Torn(reader, nth, between), refs, ())

    await cloud.settle()
    compare = CompareWire(cloud.service)
    await compare.run()
    assert compare.differences == set()

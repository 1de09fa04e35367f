"""Without a token no route says anything: 401, in the words of its API."""

from __future__ import annotations

import pytest

from tests.api.doors.asking import ask, complaint
from tests.api.doors.house import House

pytestmark = pytest.mark.anyio

OPEN = {
    "identity POST /v3/auth/tokens",
    "identity POST /v3/users/{user_id}/password",
    "unkai GET /health",
    "baremetal GET /lookup",
    "baremetal POST /heartbeat",
    "baremetal POST /heartbeat/{node_ident}",
    "baremetal POST /continue_inspection",
}
"""What needs no token beside the lists of versions: who logs in, a user who changes an expired
password with the old one, a load balancer, and the agents of machines, which have their own."""
VERSIONS = {"", "/", "/v3", "/versions", "/v2", "/v2.0", "/v2.1"}


async def test_what_is_open_to_everybody(house: House) -> None:
    found = {
        f"{api.name} {route.method} {route.path}"
        for api, route in house.routes()
        if route.policy is None and route.path not in VERSIONS
    }
    assert found == OPEN


@pytest.mark.parametrize("token", [None, "", "gAAAAA", "x" * 5000, "\xff"])
async def test_no_token(house: House, token: str | None) -> None:
    wrong: list[str] = []
    for api, route in house.routes():
        if route.policy is None:
            continue
        headers = house.version(api, route)
        if token is not None:
            headers["X-Auth-Token"] = token
        answer = await ask(house.app, route.method, house.path(api, route), headers=headers)
        problem = complaint(api, route.method, answer)
        if answer.status != 401 or problem:
            wrong.append(f"{route.method} {api.prefix}{route.path}: {answer.status} {problem}")
    assert wrong == []

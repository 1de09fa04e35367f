"""Nonsense at every door: never a failure of ours, always an answer in the API's own words.

The cases are made from the route tables and a seed; UNKAI_HOSTILE_SEED and _ROUNDS try others.
"""

from __future__ import annotations

import os
from random import Random
from typing import Any, TypeVar

import pytest

from tests.api.doors.asking import Answer, Headers, ask, complaint
from tests.api.doors.house import House
from tests.api.doors.samples import least, most, name_of
from tests.api.doors.spoiling import QUERIES, RAW, SEGMENTS, encoded, spoiled
from tests.api.doors.stage import clear_the_way, is_used_up, set_stage
from unkai.kit.http import Api, Route

pytestmark = [pytest.mark.anyio, pytest.mark.thorough]

C = TypeVar("C")
SEED = int(os.environ.get("UNKAI_HOSTILE_SEED", "1"))
ROUNDS = int(os.environ.get("UNKAI_HOSTILE_ROUNDS", "1"))


SLOW = ("/audit", "/metrics")
"""An audit looks twice."""
REFUSED = {
    "POST /v2/tasks",
    "POST /servers/{server_id}/action os-getSPICEConsole",
    "POST /servers/{server_id}/action os-getRDPConsole",
    "POST /continue_inspection",
    "POST /heartbeat/{node_ident}",
    "POST /volumes/{volume_id}/action os-migrate_volume",
}
"""No body is right here: the cloud has no such thing, no machine is waiting, no other backend."""
IN_THE_WAY = b"in this cloud yet"
"""Not the body's fault."""


class Trial:
    """Requests as the cloud's admin, who gets furthest; what went wrong is collected."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.rounds = ROUNDS * (4 if house.on_sqlite else 1)
        self.wrong: list[str] = []
        self.about: Route | None = None
        """The route that the stage is set for; what a request changed is used up."""
        self.random = Random(SEED)

    async def ask(
        self,
        api: Api,
        route: Route,
        *,
        path: str = "",
        query: bytes = b"",
        content: bytes = b"",
        method: str = "",
        headers: Headers | None = None,
    ) -> Answer:
        path = path or self.house.path(api, route)
        method = method or route.method
        given = {
            "X-Auth-Token": self.house.tokens[self.house.owner(route)],
            **self.house.version(api, route),
            **(headers or {}),
        }
        answer = await ask(
            self.house.app, method, path, query=query, headers=given, content=content
        )
        problem = complaint(api, method, answer)
        if is_used_up(route, answer):
            self.about = None
        if problem:
            told = f"{method} {path}?{query[:80]!r} {content[:300]!r}"
            self.wrong.append(f"{told}\n    {problem}")
        return answer

    def some(self, choices: tuple[C, ...]) -> list[C]:
        return self.random.sample(choices, min(len(choices), self.rounds))

    async def set_stage(self, api: Api, route: Route) -> None:
        """What the route is about is there, and in a status in which it can be done."""
        if self.about is not route:
            self.house.staged = {}
            self.house.staged, self.about = await set_stage(self.house, api, route), route

    async def body(self, api: Api, route: Route) -> Any:
        """The least that the route accepts now; None if it takes no body."""
        found = least(api, route)
        if "{generation}" in str(found):
            path = self.house.names(api)["uuid"]
            answer = await self.house.ask("admin", "GET", f"/placement/resource_providers/{path}")
            self.house.generation = answer.json()["generation"]
        return self.house.fill(api, found)

    async def content(self, api: Api, route: Route) -> bytes:
        body = await self.body(api, route)
        return b"" if body is None else encoded(body)

    def kind(self, route: Route) -> Headers:
        """Image patches have a type of their own."""
        patches = route.raw and route.method == "PATCH"
        return {"Content-Type": "application/openstack-images-v2.1-json-patch"} if patches else {}


@pytest.fixture
async def trial(house: House) -> Trial:
    house.staged = {}
    await clear_the_way(house)
    return Trial(house)


def reads_body(route: Route) -> bool:
    return route.body is not None or route.raw or route.action is not None


def destroys(route: Route) -> bool:
    return route.method == "DELETE" or route.action == "forceDelete"


async def test_the_least_bodies_are_accepted(trial: Trial) -> None:
    """So that what is made of them is refused for its own fault.

    A new route whose struct does not say enough has its least body in `samples.LEAST`.
    """
    refused: dict[str, bytes] = {}
    for api, route in trial.house.routes():
        if least(api, route) is None or destroys(route):
            continue
        await trial.set_stage(api, route)
        content = await trial.content(api, route)
        answer = await trial.ask(api, route, content=content, headers=trial.kind(route))
        in_the_way = answer.status == 409 or IN_THE_WAY in answer.content
        if answer.status >= 300 and not in_the_way:
            refused[name_of(route)] = answer.content
    assert {name: said for name, said in refused.items() if name not in REFUSED} == {}
    assert trial.wrong == []


async def test_bodies_with_a_wrong_part(trial: Trial) -> None:
    for api, route in trial.house.routes():
        if least(api, route) is None or destroys(route):
            continue
        for _ in range(3 * trial.rounds):
            if trial.house.on_sqlite:  # where the database matters, races and rights show it
                await trial.set_stage(api, route)
            right = await trial.body(api, route)
            all_of_it = trial.house.fill(api, most(api, route))
            body = spoiled(right, all_of_it, trial.random)
            await trial.ask(api, route, content=encoded(body), headers=trial.kind(route))
    assert trial.wrong == []


async def test_bodies_that_are_none(trial: Trial) -> None:
    for api, route in trial.house.routes():
        if not reads_body(route) or destroys(route):
            continue
        for content in trial.some(RAW):
            await trial.ask(api, route, content=content)
        kind = trial.random.choice(("application/xml", "", "\xff", "application/json; charset=x"))
        await trial.ask(api, route, content=b"<a/>", headers={"Content-Type": kind})
    assert trial.wrong == []


async def test_oversized_bodies(trial: Trial) -> None:
    """Refused by their declared length, before anything is read of them."""
    for api, route in trial.house.routes():
        if route.body is None:
            continue
        too_long = str(api.max_body_bytes + 1)
        answer = await trial.ask(api, route, content=b"{}", headers={"content-length": too_long})
        if answer.status not in (400, 413):
            trial.wrong.append(f"{route.method} {route.path}: {answer.status}")
    assert trial.wrong == []


async def test_ids_that_are_none(trial: Trial) -> None:
    for api, route in trial.house.routes():
        names = [part[1:-1] for part in route.path.split("/") if part.startswith("{")]
        content = await trial.content(api, route)
        for name in names:
            for segment in trial.some(SEGMENTS):
                path = trial.house.path(api, route, **{name: segment})
                await trial.ask(api, route, path=path, content=content)
    assert trial.wrong == []


async def test_queries(trial: Trial) -> None:
    for api, route in trial.house.routes():
        if route.method != "GET":
            continue
        for query in trial.some(QUERIES)[: 1 if route.path in SLOW else None]:
            await trial.ask(api, route, query=query)
    assert trial.wrong == []


async def test_microversions(trial: Trial) -> None:
    asked = (
        "2.999",
        "1.999",
        "0.0",
        "2",
        "two",
        "-1.1",
        "2.1.1",
        "\u0662.\u0661",
        "",
        "latest",
        "1" * 400,
    )
    for api, route in trial.house.routes():
        if api.microversions is None or destroys(route):
            continue
        content = await trial.content(api, route)
        text = trial.random.choice(asked)
        service = api.microversions.service
        headers = {"OpenStack-API-Version": f"{service} {text}"}
        await trial.ask(api, route, content=content, headers=headers)
        if api.microversions.legacy_header:
            await trial.ask(
                api, route, content=content, headers={api.microversions.legacy_header: text}
            )
    assert trial.wrong == []


async def test_methods(trial: Trial) -> None:
    for api, route in trial.house.routes():
        for method in ("HEAD", "OPTIONS", "PROPFIND", "get"):
            await trial.ask(api, route, method=method)
    assert trial.wrong == []


async def test_the_house_still_stands(trial: Trial) -> None:
    """After all that the cloud lives, and what was in it can be listed."""
    for api, route in trial.house.routes():
        if route.method == "GET" and "{" not in route.path:
            await trial.ask(api, route)
    assert trial.wrong == []

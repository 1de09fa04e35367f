"""Tokens: by password (argon2id, the floor) and validation, as every other service would ask."""

from __future__ import annotations

from collections.abc import Iterator

from bench.figures import Figure
from bench.subject import Door, Subject, at_once

DOORS, ASKS = 4, 250
VALIDATION_AIM = 2500


def tokens(subject: Subject) -> Iterator[Figure]:
    door = Door(*subject.address)
    request = subject.password_request("demo")
    watch = subject.stopwatch()
    watch.time(lambda: door.json("POST", "/identity/v3/auth/tokens", request), repeats=20)
    yield watch.median("token by password")

    doors = [subject.door() for _ in range(DOORS)]
    wanted = {"X-Subject-Token": subject.token("demo")}

    def validate(one: Door) -> None:
        for _ in range(ASKS):
            status, _, _ = one.ask("GET", "/identity/v3/auth/tokens", headers=wanted)
            assert status == 200

    watch = subject.stopwatch()
    works = [lambda one=one: validate(one) for one in doors]
    watch.time(lambda: at_once(works), repeats=5)
    yield watch.rate("token validation over HTTP", "1/s", per=DOORS * ASKS, aim=VALIDATION_AIM)

"""A finding about this machine."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    verdict: Verdict
    detail: str
    remedy: str | None = None


def ok(name: str, detail: str) -> Check:
    return Check(name, Verdict.OK, detail)


def warn(name: str, detail: str, remedy: str) -> Check:
    return Check(name, Verdict.WARN, detail, remedy)


def fail(name: str, detail: str, remedy: str) -> Check:
    return Check(name, Verdict.FAIL, detail, remedy)

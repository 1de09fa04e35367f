"""What an audit finds: a thing without its owner, or an owner without its thing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Leftover:
    """One finding.

    where: the service that keeps it ("network"); kind: "guest", "port", "claim", "file" ...;
    id: its own; problem: one sentence.
    """

    where: str
    kind: str
    id: str
    problem: str

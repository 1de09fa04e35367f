"""Every call of a BMC goes through here: how it does is remembered, told, and acted upon.

A circuit breaker for each BMC: after `TRIP_AFTER` failures in a row it is asked rarely, one caller
at a time, and everybody else hears at once why. So a dead BMC costs nothing, and one that counts
wrong passwords is not asked until it locks the user out. Correcting driver_info closes the circuit.

What was asked and answered is told to an observer, which writes the node's timeline; reads of the
power state only where the answer is another one than the last.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from unkai.baremetal.model import Node
from unkai.kit.clock import Clock
from unkai.kit.errors import Failed, Fault, Unavailable

TRIP_AFTER = 3
FIRST_PAUSE_S, MOST_PAUSE_S = 10.0, 60.0
SLOW_S = 3.0
WEIGHT = 0.25
"""Of the newest call in the score."""
AWAY = frozenset({"bmc-unreachable", "bmc-login", "bmc-busy", "bmc-answer", "bmc-certificate"})
"""Codes that speak against the BMC; a refusal or an unsupported verb shows that it is there."""
MOST_DETAIL = 500
OK, WARNING, CRITICAL = "OK", "Warning", "Critical"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BmcCall:
    """One call and its answer. outcome: ok or failed."""

    node_uuid: str
    action: str
    started_at: float
    ended_at: float
    outcome: str
    detail: str | None


class CallObserver(Protocol):
    def bmc_called(self, call: BmcCall) -> None:
        """Hear of a call; must not wait."""
        ...


@dataclass(slots=True)
class Circuit:
    """What is known of one BMC."""

    info: dict[str, Any]
    failures: int = 0
    """In a row."""
    next_at: float = 0.0
    """Monotonic; not asked before, while the circuit is open."""
    trying: bool = False
    cause: Fault | None = None
    score: float = 100.0
    """0 to 100: how often it answered lately, less what it took over SLOW_S."""
    answers: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def is_open(self) -> bool:
        return self.failures >= TRIP_AFTER


class Guard:
    """All circuits of a process."""

    def __init__(self, clock: Clock, observer: CallObserver | None = None) -> None:
        self._clock, self._observer = clock, observer
        self._circuits: dict[str, Circuit] = {}

    async def ask(
        self,
        node: Node,
        action: str,
        call: Callable[[], Awaitable[T]],
        *,
        detail: str | None = None,
        words: Callable[[T], str | None] | None = None,
        poll: bool = False,
    ) -> T:
        """Make a call, or raise at once what has stopped the last ones.

        action: as the timeline shows it. detail: what it is asked for; else its answer is told,
        by `words` where it does not speak for itself.
        poll: told only when the answer is not the last one.
        """
        circuit = self._circuit(node)
        tries = circuit.is_open
        if tries:
            self._refuse_early(circuit)
            circuit.trying = True
        began, began_at = self._clock.monotonic(), self._clock.now()
        try:
            answer = await call()
        except Fault as error:
            if error.code in AWAY:
                self._failed(circuit, error)
            else:
                _answered(circuit, 0)
            if self._is_news(circuit, action, f"failed: {error.code}", poll=poll):
                self._tell(node, action, began_at, "failed", error.public)
            raise
        finally:
            if tries:
                circuit.trying = False
        _answered(circuit, self._clock.monotonic() - began if poll else 0)
        said = detail if detail is not None else (words or _shown)(answer)
        if self._is_news(circuit, action, f"ok: {said}", poll=poll):
            self._tell(node, action, began_at, "ok", said)
        return answer

    def health(self, node: Node) -> str | None:
        """OK, Warning or Critical, by the BMC's score; None before its first call."""
        circuit = self._circuits.get(node.uuid)
        if circuit is None or not (circuit.answers or circuit.failures or circuit.score < 100):
            return None
        if circuit.is_open:
            return CRITICAL
        return WARNING if circuit.failures or circuit.score < 60 else OK

    def score(self, node: Node) -> float:
        circuit = self._circuits.get(node.uuid)
        return circuit.score if circuit else 100.0

    def forget(self, keep: set[str]) -> None:
        """Drop what is known of nodes that are no more."""
        for uuid in self._circuits.keys() - keep:
            del self._circuits[uuid]

    def _circuit(self, node: Node) -> Circuit:
        known = self._circuits.get(node.uuid)
        if known is None or known.info != node.driver_info:
            known = self._circuits[node.uuid] = Circuit(node.driver_info)
        return known

    def _refuse_early(self, circuit: Circuit) -> None:
        left = circuit.next_at - self._clock.monotonic()
        if left <= 0 and not circuit.trying:
            return
        cause = circuit.cause
        assert cause is not None, "a circuit opens by a failure"
        when = f"in {left:.0f} s" if left > 0 else "right now"
        kind = Failed if isinstance(cause, Failed) else Unavailable
        raise kind(
            f"{cause.message} It failed {circuit.failures} times in a row and is asked again "
            f"{when}.",
            code=cause.code,
            remedy=cause.remedy,
        )

    def _failed(self, circuit: Circuit, error: Fault) -> None:
        circuit.failures += 1
        circuit.cause = error
        circuit.score *= 1 - WEIGHT
        if circuit.is_open:
            pause = FIRST_PAUSE_S * 2 ** (circuit.failures - TRIP_AFTER)
            circuit.next_at = self._clock.monotonic() + min(pause, MOST_PAUSE_S)

    def _is_news(self, circuit: Circuit, action: str, answer: str, *, poll: bool) -> bool:
        before = circuit.answers.get(action)
        circuit.answers[action] = answer
        return not poll or before != answer

    def _tell(
        self, node: Node, action: str, began_at: float, outcome: str, detail: str | None
    ) -> None:
        if self._observer is not None:
            said = detail[:MOST_DETAIL] if detail else None
            ended = self._clock.now()
            self._observer.bmc_called(BmcCall(node.uuid, action, began_at, ended, outcome, said))


def _answered(circuit: Circuit, took_s: float) -> None:
    """took_s: 0 for calls that may take their time, as a soft reboot does."""
    circuit.failures = 0
    circuit.cause = None
    quick = min(1.0, SLOW_S / took_s) if took_s > SLOW_S else 1.0
    circuit.score += WEIGHT * (100 * quick - circuit.score)


def _shown(answer: object) -> str | None:
    return None if answer is None else str(answer)

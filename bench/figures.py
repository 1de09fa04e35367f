"""A figure: one measured number with its unit, its aim, and the CPU the cloud spent for it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Figure:
    name: str
    value: float
    unit: str
    aim: float | None = None
    """In the same unit; for a rate at least, else at most."""
    cpu_ms: float | None = None
    """CPU of the cloud's process, per operation."""
    cpu_aim_ms: float | None = None
    samples: int = 1
    note: str = ""
    spread: tuple[float, float] | None = None
    """Lowest and highest sample."""

    @property
    def is_rate(self) -> bool:
        return self.unit.endswith("/s")

    @property
    def is_met(self) -> bool | None:
        """None where no aim was stated."""
        if self.aim is None:
            return None
        met = self.value >= self.aim if self.is_rate else self.value <= self.aim
        if self.cpu_aim_ms is not None and self.cpu_ms is not None:
            return met and self.cpu_ms <= self.cpu_aim_ms
        return met


@dataclass
class Stopwatch:
    """Milliseconds of each run, and the CPU of all of them."""

    cpu: Callable[[], float]
    """Seconds of CPU the measured process has used so far."""
    samples_ms: list[float] = field(default_factory=list)
    cpu_s: float = 0.0

    def time(self, work: Callable[[], object], *, repeats: int, warm_up: int = 1) -> None:
        for _ in range(warm_up):
            work()
        cpu_before = self.cpu()
        for _ in range(repeats):
            start = time.perf_counter()
            work()
            self.samples_ms.append((time.perf_counter() - start) * 1000)
        self.cpu_s += self.cpu() - cpu_before

    def median(
        self,
        name: str,
        *,
        aim_ms: float | None = None,
        cpu_aim_ms: float | None = None,
        per: int = 1,
    ) -> Figure:
        """The median in ms; `per` operations were in each run."""
        each = [sample / per for sample in self.samples_ms]
        return Figure(
            name,
            statistics.median(each),
            "ms",
            aim=aim_ms,
            cpu_ms=self.cpu_s * 1000 / len(each) / per,
            cpu_aim_ms=cpu_aim_ms,
            samples=len(each),
            spread=(min(each), max(each)),
        )

    def rate(self, name: str, unit: str, *, per: float, aim: float | None = None) -> Figure:
        """`per` operations (or MiB) a run, as the median rate."""
        rates = [per * 1000 / sample for sample in self.samples_ms]
        return Figure(
            name,
            statistics.median(rates),
            unit,
            aim=aim,
            cpu_ms=self.cpu_s * 1000 / len(rates) / per,
            samples=len(rates),
            spread=(min(rates), max(rates)),
        )


def table(figures: Sequence[Figure]) -> str:
    """Aligned columns; a missed aim is marked."""
    rows = [("", "median", "unit", "aim", "cpu ms", "aim", "n", "low..high", "")]
    for one in figures:
        spread = f"{_number(one.spread[0])}..{_number(one.spread[1])}" if one.spread else ""
        verdict = {True: "met", False: "MISSED", None: ""}[one.is_met]
        rows.append(
            (
                one.name,
                _number(one.value),
                one.unit,
                _number(one.aim),
                _number(one.cpu_ms),
                _number(one.cpu_aim_ms),
                str(one.samples),
                spread,
                " ".join(filter(None, (verdict, one.note))),
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if number in (0, 2, 8) else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.2f}"

"""Write to a timeline."""

from __future__ import annotations

from typing import Any

from unkai.kit.db import Tx
from unkai.kit.operations import Run, Step
from unkai.timeline.store import events

ACTION_MOST, DETAIL_MOST = 128, 1000
"""Characters of an event: a timeline is read by people, and kept for every machine."""


def _short(text: str | None, most: int) -> str | None:
    return (
        text if text is None or len(text) <= most else text[: most - 1] + "\N{HORIZONTAL ELLIPSIS}"
    )


def event(
    subject: str,
    participant: str,
    action: str,
    *,
    started_at: float,
    ended_at: float | None,
    request_id: str,
    outcome: str | None = "ok",
    detail: str | None = None,
) -> dict[str, Any]:
    """One event for `record`; ended_at and outcome None while it goes on."""
    return {
        "subject": subject,
        "participant": participant,
        "action": _short(action, ACTION_MOST),
        "started_at": started_at,
        "ended_at": ended_at,
        "outcome": outcome,
        "detail": _short(detail, DETAIL_MOST),
        "request_id": request_id,
        "operation": None,
        "operation_id": None,
        "step": None,
    }


async def record(tx: Tx, *written: dict[str, Any]) -> None:
    """Write events, made by `event`, in one statement of the caller's transaction."""
    await events.add(tx, list(written))


class StepRecorder:
    """Writes the steps of every operation; a `StepObserver`."""

    async def step_started(self, tx: Tx, run: Run, step: Step, at: float) -> None:
        row = event(
            run.subject,
            step.participant,
            step.name.replace("_", " "),
            started_at=at,
            ended_at=None,
            request_id=run.request_id,
            outcome=None,
        )
        await events.add(
            tx, [{**row, "operation": run.kind, "operation_id": run.id, "step": step.name}]
        )

    async def step_ended(
        self, tx: Tx, run: Run, step: Step, at: float, *, outcome: str, detail: str | None
    ) -> None:
        detail = _short(detail, DETAIL_MOST)
        closed = await events.end_step(tx, run.id, step.name, at=at, outcome=outcome, detail=detail)
        if closed:
            return
        row = event(
            run.subject,
            step.participant,
            f"undo {step.name.replace('_', ' ')}" if outcome == "undone" else step.name,
            started_at=at,
            ended_at=at,
            request_id=run.request_id,
            outcome=outcome,
            detail=detail,
        )
        await events.add(tx, [{**row, "operation": run.kind, "operation_id": run.id}])

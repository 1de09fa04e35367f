"""A timeline for people: as text, and as a mermaid sequence diagram."""

from __future__ import annotations

from unkai.kit.clock import iso
from unkai.timeline.model import ASKED_BY, USER, Event, Timeline

MARKS = {"ok": "ok", "failed": "FAILED", "undone": "undone", "cancelled": "cancelled", None: "..."}


def _took(event: Event) -> str:
    if event.seconds is None:
        return "..."
    return f"{event.seconds * 1000:.0f} ms" if event.seconds < 10 else f"{event.seconds:.1f} s"


def as_text(timeline: Timeline) -> str:
    """One line an event: when after the first, who, what, how long, how it ended."""
    if not timeline.events:
        return f"{timeline.subject}: nothing has happened yet.\n"
    first = timeline.events[0].started_at
    lines = [f"{timeline.subject}, from {iso(first)}"]
    for event in timeline.events:
        at = f"+{event.started_at - first:8.3f} s"
        line = (
            f"{at}  {event.participant:<16} {event.action:<32} {_took(event):>9}"
            f"  {MARKS.get(event.outcome, event.outcome)}"
        )
        lines.append(f"{line}  {event.detail}" if event.detail else line)
    lines.extend(
        f"awaited now: {awaited.participant}, {awaited.action}, for {awaited.for_s:.1f} s"
        + (f"\n             {awaited.says}" if awaited.says else "")
        for awaited in timeline.awaited
    )
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """Text that mermaid takes for nothing but text."""
    return text.replace(";", ",").replace("#", "no.").replace("\n", " ").replace(":", " ")


def as_mermaid(timeline: Timeline) -> str:
    """A sequence diagram: who asked whom, what, and how long it took."""
    order = [USER]
    for event in timeline.events:
        for name in (ASKED_BY.get(event.participant, USER), event.participant):
            if name not in order:
                order.append(name)
    lines = ["sequenceDiagram", *(f"    participant {name}" for name in order)]
    for event in timeline.events:
        asker = ASKED_BY.get(event.participant, USER)
        arrow = "-x" if event.outcome == "failed" else "->>"
        what = _plain(f"{event.action} ({_took(event)})")
        lines.append(f"    {asker}{arrow}{event.participant}: {what}")
        if event.outcome == "failed" and event.detail:
            lines.append(f"    Note over {event.participant}: {_plain(event.detail)}")
    lines.extend(
        f"    Note over {order[0]},{order[-1]}: {_plain(awaited.says)}"
        for awaited in timeline.awaited
        if awaited.says
    )
    return "\n".join(lines) + "\n"

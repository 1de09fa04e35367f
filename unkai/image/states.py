"""What may happen to an image in which status, as data."""

from __future__ import annotations

from typing import Final

from unkai.image.model import Status
from unkai.kit.errors import Conflict

TRANSITIONS: Final[dict[tuple[Status, str], Status]] = {
    (Status.QUEUED, "upload"): Status.SAVING,
    (Status.SAVING, "activate"): Status.ACTIVE,
    (Status.SAVING, "give back"): Status.QUEUED,
    (Status.QUEUED, "stage"): Status.UPLOADING,
    (Status.UPLOADING, "import"): Status.IMPORTING,
    (Status.UPLOADING, "give back"): Status.QUEUED,
    (Status.IMPORTING, "activate"): Status.ACTIVE,
    (Status.IMPORTING, "give back"): Status.QUEUED,
    (Status.ACTIVE, "deactivate"): Status.DEACTIVATED,
    (Status.DEACTIVATED, "deactivate"): Status.DEACTIVATED,
    (Status.DEACTIVATED, "reactivate"): Status.ACTIVE,
    (Status.ACTIVE, "reactivate"): Status.ACTIVE,
}


def after(status: Status, verb: str) -> Status:
    """The status after `verb`; Conflict (code "image-status") if it may not happen now."""
    target = TRANSITIONS.get((status, verb))
    if target is None:
        allowed = sorted(known.value for known, named in TRANSITIONS if named == verb)
        raise Conflict(
            f"Cannot {verb} an image that is {status}; it must be {' or '.join(allowed)}.",
            code="image-status",
        )
    return target

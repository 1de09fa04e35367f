"""Which verb may be done to a volume, snapshot or backup in which status, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from unkai.kit.errors import BadRequest

CREATING: Final = "creating"
AVAILABLE: Final = "available"
IN_USE: Final = "in-use"
ERROR: Final = "error"
DELETING: Final = "deleting"

VOLUME_STATUSES: Final = frozenset(
    {
        CREATING,
        AVAILABLE,
        IN_USE,
        ERROR,
        DELETING,
        "attaching",
        "detaching",
        "reserved",
        "extending",
        "maintenance",
        "backing-up",
        "restoring-backup",
        "error_restoring",
        "error_extending",
        "error_deleting",
        "error_managing",
        "downloading",
        "uploading",
        "retyping",
        "reverting",
        "awaiting-transfer",
        "error_backing-up",
    }
)
SNAPSHOT_STATUSES: Final = frozenset(
    {CREATING, AVAILABLE, ERROR, DELETING, "error_deleting", "backing-up", "unmanaging"}
)
BACKUP_STATUSES: Final = frozenset({AVAILABLE, ERROR})
MIGRATION_STATUSES: Final = frozenset(
    {"migrating", "error", "success", "completing", "none", "starting"}
)
ATTACH_STATUSES: Final = frozenset({"attached", "detached", "error_attaching", "error_detaching"})

FAULTY: Final = frozenset(
    {ERROR, "error_restoring", "error_extending", "error_deleting", "error_managing"}
)


@dataclass(frozen=True, slots=True)
class Verb:
    """name: as a refusal words it. to: the status meanwhile, None where it stays."""

    name: str
    allowed: frozenset[str]
    to: str | None = None


DELETE: Final = Verb("delete", frozenset({AVAILABLE, *FAULTY}), DELETING)
EXTEND: Final = Verb("extend", frozenset({AVAILABLE}), "extending")
EXTEND_ATTACHED: Final = Verb("extend", frozenset({AVAILABLE, IN_USE}), "extending")
SNAPSHOT: Final = Verb("snapshot", frozenset({AVAILABLE}))
SNAPSHOT_ATTACHED: Final = Verb("snapshot", frozenset({AVAILABLE, IN_USE}))
CLONE: Final = Verb("clone", frozenset({AVAILABLE, IN_USE}))
EXTENDED: Final = Verb("complete the extension of", frozenset({"extending"}))
RESERVE: Final = Verb("reserve", frozenset({AVAILABLE}), "attaching")
RESERVE_AGAIN: Final = Verb("reserve", frozenset({AVAILABLE, IN_USE}), "attaching")
UNRESERVE: Final = Verb("unreserve", frozenset({"attaching", "reserved"}))
BEGIN_DETACHING: Final = Verb("detach", frozenset({IN_USE}), "detaching")
ATTACH: Final = Verb("attach", frozenset({AVAILABLE, "attaching", "reserved"}))
READONLY: Final = Verb("make read-only", frozenset({AVAILABLE}))
REVERT: Final = Verb("revert", frozenset({AVAILABLE}), "reverting")
UPLOAD: Final = Verb("upload", frozenset({AVAILABLE}), "uploading")
UPLOAD_ATTACHED: Final = Verb("upload", frozenset({AVAILABLE, IN_USE}), "uploading")
REIMAGE: Final = Verb("reimage", frozenset({AVAILABLE, ERROR}), "downloading")
REIMAGE_RESERVED: Final = Verb(
    "reimage", frozenset({AVAILABLE, ERROR, "reserved", "attaching"}), "downloading"
)
TRANSFER: Final = Verb("transfer", frozenset({AVAILABLE}), "awaiting-transfer")
BACK_UP: Final = Verb("back up", frozenset({AVAILABLE}), "backing-up")
BACK_UP_ATTACHED: Final = Verb("back up", frozenset({AVAILABLE, IN_USE}), "backing-up")
RESTORE: Final = Verb("restore to", frozenset({AVAILABLE}), "restoring-backup")
MIGRATE: Final = Verb("migrate", frozenset({AVAILABLE, IN_USE}))
RETYPE: Final = Verb("retype", frozenset({AVAILABLE, IN_USE}), "retyping")

SNAPSHOT_DELETE: Final = Verb("delete", frozenset({AVAILABLE, ERROR, "error_deleting"}), DELETING)
SNAPSHOT_USE: Final = Verb("create a volume from", frozenset({AVAILABLE}))
SNAPSHOT_REPORT: Final = {
    CREATING: frozenset({CREATING, AVAILABLE, ERROR}),
    DELETING: frozenset({DELETING, "error_deleting"}),
}
"""What os-update_snapshot_status may make of which status."""
BACKUP_DELETE: Final = Verb("delete", frozenset({AVAILABLE, ERROR}), DELETING)
BACKUP_RESTORE: Final = Verb("restore", frozenset({AVAILABLE}), "restoring")


def check(verb: Verb, kind: str, thing_id: str, status: str) -> None:
    """BadRequest (code "volume-status") where the verb may not be done now."""
    if status not in verb.allowed:
        wanted = " or ".join(sorted(verb.allowed))
        raise BadRequest(
            f"Invalid {kind}: cannot {verb.name} {kind} {thing_id} while its status is {status};"
            f" it must be {wanted}.",
            code="volume-status",
        )


def rest(*, attached: bool) -> str:
    """The status that a volume comes back to."""
    return IN_USE if attached else AVAILABLE

"""`unkai doctor`: is this machine fit, and is anything left of an earlier run?"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from unkai.cli.app import FOUND_SOMETHING
from unkai.cli.checks.dashboard import check_dashboard
from unkai.cli.checks.leftovers import check_leftovers
from unkai.cli.checks.machine import (
    check_datapath,
    check_disk,
    check_fuse,
    check_kvm,
    check_memory,
    check_programs,
    check_root,
    check_tun,
)
from unkai.cli.checks.model import Check, Verdict
from unkai.cli.checks.ports import check_port
from unkai.cli.options import COMMON, Common
from unkai.cli.output import show
from unkai.settings import Settings

CheckFunction = Callable[[Settings], Check]

BEFORE_START: tuple[CheckFunction, ...] = (
    check_root,
    check_programs,
    check_tun,
    check_port,
    check_disk,
    check_memory,
)
"""Quick, and each able to stop a start."""
BEFORE_FAKE_START: tuple[CheckFunction, ...] = (check_port, check_disk)
ALL: tuple[CheckFunction, ...] = (
    *BEFORE_START,
    check_kvm,
    check_datapath,
    check_fuse,
    check_dashboard,
    check_leftovers,
)


def doctor_verb(*, common: Common = COMMON) -> int:
    """Check root, programs, kernel, ports, disk, memory, KVM, dashboard and leftovers.

    Exit code 4 when a check fails; a warning alone does not.
    """
    settings = common.settings()
    checks = [check(settings) for check in ALL]
    document = [
        {"name": c.name, "verdict": c.verdict.value, "detail": c.detail, "remedy": c.remedy}
        for c in checks
    ]
    show(document, as_text(checks), as_json=common.json)
    return FOUND_SOMETHING if any(c.verdict is Verdict.FAIL for c in checks) else 0


def as_text(checks: Iterable[Check]) -> str:
    lines: list[str] = []
    for check in checks:
        lines.append(f"{check.verdict.value:<5} {check.name}: {check.detail}")
        if check.remedy:
            lines.append(f"      what to do: {check.remedy}")
    return "\n".join(lines)

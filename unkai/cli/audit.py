"""`unkai audit`: compare what should be with what is."""

from __future__ import annotations

from typing import Any

from unkai.cli.app import FOUND_SOMETHING
from unkai.cli.asking import open_door
from unkai.cli.options import COMMON, Common
from unkai.cli.output import show
from unkai.cli.readable import as_lines
from unkai.cli.running import need_cloud


def audit_verb(*, common: Common = COMMON) -> int:
    """Print every difference between the database and the world. Exit code 4 when there is one."""
    settings = common.settings()
    door = open_door(settings, need_cloud(settings))
    report: Any = door.get("/unkai/v1/audit")
    show(report, as_lines(report), as_json=common.json)
    return FOUND_SOMETHING if report["leftovers"] else 0

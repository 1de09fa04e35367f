"""`unkai status`: what runs, where, and how full it is."""

from __future__ import annotations

from typing import Any

from unkai.cli.app import NOT_RUNNING
from unkai.cli.options import COMMON, Common
from unkai.cli.output import show
from unkai.cli.readable import as_lines
from unkai.cli.running import find_cloud


def status_verb(*, common: Common = COMMON) -> int:
    """Say whether a cloud runs from the state folder, and what is in it. Exit code 3: none runs."""
    settings = common.settings()
    cloud = find_cloud(settings)
    if cloud is None:
        document: dict[str, Any] = {"running": False, "state_dir": str(settings.state_dir)}
        show(document, f"No cloud runs from {settings.state_dir}.", as_json=common.json)
        return NOT_RUNNING
    from unkai.cli.asking import open_door

    document = {
        "running": True,
        "url": cloud.url,
        "dashboard": f"{cloud.url}/dashboard/",
        "kind": cloud.kind,
        "pid": cloud.process.pid,
        "state_dir": str(settings.state_dir),
        "clouds_yaml": str(settings.clouds_yaml),
        "namespace": cloud.namespace,
        "version": cloud.version,
    }
    document |= open_door(settings, cloud).get("/unkai/v1/status")
    show(document, as_text(document), as_json=common.json)
    return 0


def as_text(document: dict[str, Any]) -> str:
    """All facts, but reconcilers in one line unless one of them fails."""
    facts = dict(document)
    found: list[dict[str, Any]] = facts.pop("reconcilers", [])
    failing = [one for one in found if one["last_error"]]
    said = f"{len(found)} run, {len(failing) or 'none'} failing"
    return as_lines(facts | {"reconcilers": failing or said})

"""Whether the dashboard is built. The cloud works without it, so it is a warning at most."""

from __future__ import annotations

from unkai.cli.checks.model import Check, ok, warn
from unkai.dashboard.files import INDEX, STATIC
from unkai.settings import Settings


def check_dashboard(settings: Settings) -> Check:
    if (STATIC / INDEX).exists():
        return ok("dashboard", f"built; a cloud shows it at {settings.url}/dashboard/")
    return warn("dashboard", "it is not built, so the cloud has none", "make dashboard")

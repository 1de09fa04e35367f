"""What every verb takes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from unkai.cli.state_folder import as_made
from unkai.settings import Settings, load_settings


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Common:
    state_dir: Annotated[Path | None, Parameter(name="--state-dir")] = None
    """The cloud's folder; the default one is /var/lib/unkai for root."""
    json: Annotated[bool, Parameter(name="--json", negative="")] = False
    """Print one JSON document instead of text."""

    def settings(self) -> Settings:
        """The settings of the cloud in that folder, as it was made."""
        return as_made(load_settings(self.state_dir))


COMMON = Common()

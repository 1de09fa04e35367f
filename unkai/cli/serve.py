"""`unkai serve`: the cloud itself, in the foreground. `unkai up` starts it; people rarely do."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from unkai.settings import load_settings


def serve_verb(
    *,
    state_dir: Path | None = None,
    port: int | None = None,
    fake: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Run the cloud until SIGTERM or SIGINT."""
    gc.disable()  # until it serves: what is imported now stays
    from unkai import boot

    boot.serve(load_settings(state_dir, port=port, fake=fake))

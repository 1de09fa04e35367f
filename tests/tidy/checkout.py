"""The repository as tidy tests see it: what git would commit, and nothing else."""

from __future__ import annotations

import functools
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


@functools.cache
def files(*patterns: str) -> tuple[Path, ...]:
    """Tracked and new files that match, without what .gitignore names."""
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *patterns]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, check=True)
    paths = (ROOT / name.decode() for name in done.stdout.split(b"\0") if name)
    return tuple(sorted({path for path in paths if path.is_file()}))


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))

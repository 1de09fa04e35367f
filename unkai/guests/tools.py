"""Running the tools that make images: same answer on every machine, plain words when one fails."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from unkai.kit.errors import Failed

# A moment for every time stamp in an image, so that the same packages give the same bytes.
EPOCH_S = 1_700_000_000
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_ENVIRONMENT = {
    "PATH": _PATH,
    "LC_ALL": "C",
    "TZ": "UTC",
    "SOURCE_DATE_EPOCH": str(EPOCH_S),
    "E2FSPROGS_FAKE_TIME": str(EPOCH_S),
    "MTOOLS_SKIP_CHECK": "1",
}


def find(program: str, package: str) -> Path:
    """Where the program is. Failed("tool-missing") naming the package to install."""
    found = shutil.which(program, path=_PATH)
    if found is None:
        raise Failed(
            f"{program} is not installed.",
            code="tool-missing",
            remedy=f"Run: apt-get install {package}",
        )
    return Path(found)


def run(
    *words: str | Path,
    cwd: Path | None = None,
    said: bytes | None = None,
    more: Mapping[str, str] | None = None,
) -> bytes:
    """Run a tool with `said` as its input; what it prints. Failed("tool-failed") with its words."""
    argv: Sequence[str] = [str(word) for word in words]
    proxies = {key: value for key, value in os.environ.items() if key.lower().endswith("_proxy")}
    done = subprocess.run(
        argv,
        cwd=cwd,
        input=said if said is not None else b"",
        capture_output=True,
        env={**proxies, **_ENVIRONMENT, **(more or {})},
        check=False,
    )
    if done.returncode != 0:
        words_said = done.stderr.decode(errors="replace").strip()[-600:]
        raise Failed(f"{' '.join(argv[:4])} ... failed: {words_said}", code="tool-failed")
    return done.stdout


def needed(path: Path, package: str) -> Path:
    """The file of a package. Failed("tool-missing") naming the package to install."""
    if not path.exists():
        raise Failed(
            f"{path} is missing.", code="tool-missing", remedy=f"Run: apt-get install {package}"
        )
    return path


def stamp(tree: Path) -> None:
    """Give every file of the tree the one moment."""
    for path in [*tree.rglob("*"), tree]:
        os.utime(path, (EPOCH_S, EPOCH_S), follow_symlinks=False)

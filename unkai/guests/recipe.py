"""Which recipe an image was made by, so that it is made again only when that has changed."""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

_HERE = Path(__file__).parent


def of_sources(folders: Iterable[Path] = (_HERE,)) -> str:
    """A digest of every file in the folders, by place and contents."""
    found = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                found.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


def made_once(products: Iterable[Path], stamp: Path, recipe: str, make: Callable[[], None]) -> bool:
    """Have the products, which `make` writes; whether it had to. One process makes, others wait."""
    stamp.parent.mkdir(parents=True, exist_ok=True)
    with stamp.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        there = all(path.exists() for path in products)
        if there and stamp.exists() and stamp.read_text() == recipe:
            return False
        stamp.unlink(missing_ok=True)
        make()
        stamp.write_text(recipe)
        return True

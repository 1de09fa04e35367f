"""The guest image: built at the first `unkai up`, and again when its recipe has changed."""

from __future__ import annotations

import fcntl
import hashlib
import os
from pathlib import Path

from unkai.cli.output import progress
from unkai.cli.waiting import Stopwatch
from unkai.settings import Settings


def ensure_guest_image(settings: Settings, *, as_json: bool) -> None:
    """Have the image; one that a person named in the settings is theirs to make."""
    if settings.image.guest_file:
        return
    image = settings.guest_image
    image.parent.mkdir(parents=True, exist_ok=True)
    stamp = image.with_suffix(".recipe")
    with image.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        recipe = _recipe()
        if image.exists() and stamp.exists() and stamp.read_text() == recipe:
            return
        from unkai.guests.build import build_guest

        progress("          guest image: building it, once", as_json=as_json)
        watch = Stopwatch()
        new = image.with_name("guest.new.qcow2")
        build_guest(new, image.parent / "packages")
        os.replace(new, image)
        stamp.write_text(recipe)
        size_mib = image.stat().st_size / 2**20
        progress(f"  {watch.seconds:6.1f} s  guest image: {size_mib:.0f} MiB", as_json=as_json)


def _recipe() -> str:
    """What the image is made of: the sources of `unkai/guests`."""
    import unkai

    folder = Path(unkai.__file__).parent / "guests"
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            found.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return found.hexdigest()

"""Guest image and deploy ramdisk: built at the first `unkai up`, and when a recipe has changed."""

from __future__ import annotations

import os

from unkai.cli.output import progress
from unkai.cli.waiting import Stopwatch
from unkai.settings import Settings


def ensure_guest_image(settings: Settings, *, as_json: bool) -> None:
    """Have the image; one that a person named in the settings is theirs to make."""
    if settings.image.guest_file:
        return
    from unkai.guests import recipe

    image = settings.guest_image

    def make() -> None:
        from unkai.guests.build import build_guest

        progress("          guest image: building it, once", as_json=as_json)
        watch = Stopwatch()
        new = image.with_name("guest.new.qcow2")
        build_guest(new, image.parent / "packages")
        os.replace(new, image)
        size_mib = image.stat().st_size / 2**20
        progress(f"  {watch.seconds:6.1f} s  guest image: {size_mib:.0f} MiB", as_json=as_json)

    recipe.made_once((image,), image.with_suffix(".recipe"), recipe.of_sources(), make)


def ensure_ramdisk(settings: Settings, *, as_json: bool) -> None:
    """Have the ramdisk that physical machines are deployed by, unless a person has named one."""
    if settings.baremetal.ramdisk_dir:
        return
    from unkai.guests import ramdisk

    folder = settings.ramdisk_dir
    if not folder.exists():
        progress("          deploy ramdisk: building it, once", as_json=as_json)
    ramdisk.ensure_ramdisk(folder, folder.parent / "packages")

"""The config drive: a small ISO9660 file system labelled config-2 with the server's metadata.

ISO9660 because every guest's kernel reads it (FAT needs code pages that cloud kernels leave out);
Rock Ridge and Joliet carry the real names.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping
from pathlib import PurePosixPath

LABEL = "config-2"


async def build(files: Mapping[str, bytes]) -> bytes:
    """The bytes of the file system that holds `files`, by paths like openstack/latest/user_data."""
    return await asyncio.to_thread(make_iso, files)


def make_iso(files: Mapping[str, bytes]) -> bytes:
    import pycdlib  # slow to import and rarely needed

    iso = pycdlib.PyCdlib()
    iso.new(interchange_level=4, vol_ident=LABEL, rock_ridge="1.09", joliet=3)
    made: set[PurePosixPath] = {PurePosixPath()}
    for name, data in sorted(files.items()):
        path = PurePosixPath(name)
        for folder in reversed(path.parents):
            if folder not in made:
                iso.add_directory(f"/{folder}", rr_name=folder.name, joliet_path=f"/{folder}")
                made.add(folder)
        iso.add_fp(
            io.BytesIO(data), len(data), f"/{path}", rr_name=path.name, joliet_path=f"/{path}"
        )
    image = io.BytesIO()
    iso.write_fp(image)
    iso.close()
    return image.getvalue()

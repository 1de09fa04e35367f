"""The built files, read once: what a page is made of does not change while a process runs."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass
from pathlib import Path

STATIC = Path(__file__).parent / "static"
"""Where `npm run build` in `dashboard/` puts them."""
INDEX = "index.html"
_TYPES = {".js": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2"}


@dataclass(frozen=True, slots=True)
class File:
    """packed: the same bytes by gzip, None where that saves nothing."""

    content: bytes
    packed: bytes | None
    media_type: str


@dataclass(frozen=True, slots=True)
class Pages:
    """Pages have a place for their nonce. index: that of every path without one in `own`."""

    index: str
    own: dict[str, str]
    files: dict[str, File]


def read_pages(folder: Path = STATIC) -> Pages | None:
    """All of it (some megabytes: call it in a thread); None where nothing was built."""
    try:
        index = (folder / INDEX).read_text()
    except FileNotFoundError:
        return None
    files = {
        path.relative_to(folder).as_posix(): _read(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix not in (".gz", ".html")
    }
    own = {path.name: path.read_text() for path in folder.glob("*.html") if path.name != INDEX}
    return Pages(index, own, files)


def _read(path: Path) -> File:
    packed = path.with_name(f"{path.name}.gz")
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0]
    return File(
        content=path.read_bytes(),
        packed=packed.read_bytes() if packed.exists() else None,
        media_type=kind or "application/octet-stream",
    )

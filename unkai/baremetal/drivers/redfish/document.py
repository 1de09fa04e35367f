"""Finding one's way in a Redfish document, where every property may be missing or null."""

from __future__ import annotations

from typing import Any, cast

Document = dict[str, Any]
LINK = "@odata.id"


def at(document: Document, *names: str) -> Any:
    """What lies at a path of names; None as soon as one is missing."""
    found: Any = document
    for name in names:
        if not isinstance(found, dict):
            return None
        found = cast("Document", found).get(name)
    return found


def text(document: Document, *names: str) -> str:
    """The same as text; empty for what is missing."""
    found = at(document, *names)
    return "" if found is None else str(found).strip()


def number(document: Document, *names: str) -> float | None:
    found = at(document, *names)
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None


def link(document: Document, *names: str) -> str:
    """Where a reference leads; empty for what is missing."""
    return text(document, *names, LINK)


def listed(document: Document, *names: str) -> list[Document]:
    """The objects of an array; [] for what is missing."""
    found = at(document, *names)
    if not isinstance(found, list):
        return []
    return [cast("Document", one) for one in cast("list[object]", found) if isinstance(one, dict)]


def words(document: Document, *names: str) -> list[str]:
    """The strings of an array."""
    found = at(document, *names)
    if not isinstance(found, list):
        return []
    return [one for one in cast("list[object]", found) if isinstance(one, str)]


def links(document: Document, *names: str) -> list[str]:
    return [text(one, LINK) for one in listed(document, *names) if text(one, LINK)]

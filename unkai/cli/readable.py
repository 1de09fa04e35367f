"""A JSON document as lines for people: one fact a line, nested facts indented."""

from __future__ import annotations

from typing import cast


def as_lines(document: object, *, depth: int = 0) -> str:
    return "\n".join(_lines(document, depth))


def _lines(value: object, depth: int) -> list[str]:
    pad = "  " * depth
    if isinstance(value, dict):
        lines: list[str] = []
        for key, inner in cast("dict[str, object]", value).items():
            lines += _entry(str(key).replace("_", " "), inner, depth)
        return lines
    if isinstance(value, list):
        lines = []
        for inner in cast("list[object]", value):
            block = _lines(inner, depth + 1)
            if block:
                lines += [f"{pad}- {block[0].strip()}", *block[1:]]
        return lines
    return [f"{pad}{_leaf(value)}"]


def _entry(key: str, value: object, depth: int) -> list[str]:
    pad = "  " * depth
    if isinstance(value, (dict, list)):
        if not value:
            return [f"{pad}{key}: none"]
        return [f"{pad}{key}:", *_lines(cast("object", value), depth + 1)]
    return [f"{pad}{key}: {_leaf(value)}"]


def _leaf(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)

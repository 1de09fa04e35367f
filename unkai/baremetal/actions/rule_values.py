"""Values of inspection rules: words in braces stand for what is known of the machine.

`{inventory[cpu][count]}` and `{inventory.cpu.count}` name the same; `{{` is a brace. Only plain
data is reached, never an object's attributes, so that a rule reads nothing but what it is given.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from unkai.kit.errors import NotFound

_WORD = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")
_PART = re.compile(r"\[([^\[\]]*)\]|\.?([^.\[\]]+)")

Known = Mapping[str, Any]
"""Names that may stand first in braces (node, inventory, plugin_data, item) to their data."""


class Missing(NotFound):
    """What a rule names is not known of this machine."""


def look(known: Known, path: str) -> Any:
    """What a path like `inventory[disks][0].size` leads to; Missing if nowhere."""
    found: Any = known
    for match in _PART.finditer(path.strip()):
        name = match.group(1) if match.group(1) is not None else match.group(2)
        if isinstance(found, Mapping):
            members = cast("Mapping[str, Any]", found)
            if name not in members:
                raise Missing(f"There is no {path} in what is known of the machine.")
            found = members[name]
        elif isinstance(found, list) and name.lstrip("-").isdigit():
            items = cast("list[Any]", found)
            if not -len(items) <= int(name) < len(items):
                raise Missing(f"There is no {path} in what is known of the machine.")
            found = items[int(name)]
        else:
            raise Missing(f"There is no {path} in what is known of the machine.")
    return found


def filled(value: Any, known: Known) -> Any:
    """A value with its words in braces filled in; text with an unknown one stays as it is.

    A text that is one word and nothing else takes the type of what it stands for.
    """
    if isinstance(value, str):
        return _filled_text(value, known)
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        return {str(filled(name, known)): filled(one, known) for name, one in members.items()}
    if isinstance(value, list):
        return [filled(one, known) for one in cast("list[Any]", value)]
    return value


def _filled_text(text: str, known: Known) -> Any:
    whole = _WORD.fullmatch(text)

    def word(match: re.Match[str]) -> str:
        path = match.group(1)
        return match.group(0)[0] if path is None else str(look(known, path))

    try:
        if whole is not None and whole.group(1) is not None:
            return look(known, whole.group(1))
        return _WORD.sub(word, text)
    except Missing:
        return text

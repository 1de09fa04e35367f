"""How verbs speak: results on standard output, progress beside it."""

from __future__ import annotations

import json
import sys


def show(document: object, text: str, *, as_json: bool) -> None:
    """The verb's result, in one of its two forms."""
    print(json.dumps(document, indent=2, ensure_ascii=False) if as_json else text)


def progress(text: str, *, as_json: bool) -> None:
    """A line for people who wait; standard output stays one JSON document."""
    print(text, file=sys.stderr if as_json else sys.stdout, flush=True)

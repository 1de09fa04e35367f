#!/usr/bin/env python3
"""Write docs/errors.md from the code: every code a fault can have, where it is raised, what to do.

    scripts/errors.py            write the file (make fmt does)
    scripts/errors.py --check    say whether it is up to date; exit code 1 if not

The sentences are those of the code itself, so the list can be neither incomplete nor wrong.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "docs" / "errors.md"
ERRORS = ROOT / "unkai" / "kit" / "errors.py"

HEAD = """# Errors

Every error body of every API carries a sentence, and where there is one, what to do next. The
`code` below is stable: it is in the log and in a server's fault. Nova, Neutron, Keystone, Glance
and Placement each wrap it in their own form.

A status marked * differs between APIs: over a quota Neutron answers 409; without room Nova answers
403, Neutron and Placement 409. "after the answer" means
that the request was accepted and the work failed later: the sentence is in the server's fault and
its timeline.

This file is made from the code by `scripts/errors.py`.

## Kinds

| kind | status | code |
|---|---|---|
"""


@dataclass(frozen=True)
class Raised:
    kind: str
    code: str
    message: str
    remedy: str
    place: str


def kinds() -> dict[str, tuple[str, str]]:
    """Class name to (status, default code)."""
    found: dict[str, tuple[str, str]] = {}
    for node in ast.parse(ERRORS.read_text()).body:
        if isinstance(node, ast.ClassDef):
            values = {
                target.id: item.value.value
                for item in node.body
                if isinstance(item, (ast.Assign, ast.AnnAssign))
                and isinstance(item.value, ast.Constant)
                for target in (item.targets if isinstance(item, ast.Assign) else [item.target])
                if isinstance(target, ast.Name)
            }
            if "default_code" in values:
                status = str(values.get("status", "after the answer"))
                status += "*" if node.name in ("NoRoom", "QuotaExceeded") else ""
                found[node.name] = (status, str(values["default_code"]))
    return found


def raised(known: dict[str, tuple[str, str]]) -> Iterator[Raised]:
    for path in sorted((ROOT / "unkai").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                named = {word.arg: word.value for word in node.keywords}
                if node.func.id in known and "code" in named:
                    code = text_of(named["code"])
                    message = text_of(node.args[0]) if node.args else ""
                    remedy = text_of(named["remedy"]) if "remedy" in named else ""
                    place = str(path.relative_to(ROOT))
                    yield Raised(node.func.id, code, message, remedy, place)


def text_of(node: ast.expr) -> str:
    """The literal with `...` for what is filled in."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) for part in node.values)
    if isinstance(node, ast.BinOp):
        return text_of(node.left) + text_of(node.right)
    return "..."


def render() -> str:
    known = kinds()
    lines = [f"| {name} | {status} | `{code}` |" for name, (status, code) in known.items()]
    lines += [
        "",
        "## Codes",
        "",
        "| code | status | says | what to do | from |",
        "|---|---|---|---|---|",
    ]
    rows: dict[str, Raised] = {}
    for one in raised(known):
        if one.code != "...":
            rows.setdefault(one.code, one)
    for code, one in sorted(rows.items()):
        cells = [f"`{code}`", known[one.kind][0], one.message, one.remedy, f"`{one.place}`"]
        lines.append(
            "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
        )
    return HEAD + "\n".join(lines) + "\n"


def main() -> int:
    text = render()
    if "--check" in sys.argv[1:]:
        if TARGET.exists() and TARGET.read_text() == text:
            return 0
        print("docs/errors.md is out of date: run scripts/errors.py", file=sys.stderr)
        return 1
    TARGET.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())

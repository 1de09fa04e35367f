"""Documents: links lead somewhere, and what they say of the code is so."""

import re
from pathlib import Path

from tests.tidy.checkout import ROOT, files, named

DOCUMENTS = files("*.md")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


def test_links_resolve() -> None:
    assert [broken for path in DOCUMENTS for broken in broken_links(path)] == []


def broken_links(path: Path) -> list[str]:
    text = re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)
    broken: list[str] = []
    for target in LINK.findall(text):
        file, _, anchor = target.partition("#")
        if ":" in file:
            continue
        found = (path.parent / file).resolve() if file else path
        if not found.exists() or (anchor and anchor not in _anchors(found)):
            broken.append(f"{named(path)}: {target}")
    return broken


def test_files_named_in_documents_exist() -> None:
    """`unkai/kit/http/` in backquotes is a promise."""
    promise = re.compile(r"`((?:unkai|tests|docs|scripts|bench)/[\w./-]+)`")
    claims = {
        claim
        for path in DOCUMENTS
        if path.name != "CHANGELOG.md"
        for claim in promise.findall(path.read_text())
    }

    assert {claim for claim in claims if not (ROOT / claim).exists()} == set()


def test_the_readme_fits_on_a_page() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 80


def test_make_targets_named_in_documents_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    said = {
        word for path in DOCUMENTS for word in re.findall(r"`make ([a-z-]+)`", path.read_text())
    }

    assert said - targets == set()


def test_decisions_have_a_number_and_a_status() -> None:
    for path in files("docs/decisions/*.md"):
        assert re.match(r"\d{4}-[a-z0-9-]+\.md$", path.name), named(path)
        assert "\nStatus: " in path.read_text(), named(path)


def _anchors(path: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}

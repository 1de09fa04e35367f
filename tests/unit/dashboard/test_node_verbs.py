"""The dashboard offers a node's verbs where the service takes them: its table is ours."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.clouds import CHECKOUT
from unkai.baremetal.states import TRANSITIONS, VERBS

TABLE = CHECKOUT / "dashboard" / "src" / "baremetal" / "states.ts"


def _offered() -> dict[str, list[str]]:
    text = TABLE.read_text()
    found = re.search(r"export const FROM[^=]*= (\{.*?\n\});", text, re.DOTALL)
    assert found
    quoted = re.sub(r"(?m)^  (\w+):", r'  "\1":', found[1])
    made: Any = json.loads(re.sub(r",(\s*[\]}])", r"\1", quoted))
    return made


def test_every_verb_that_is_offered_is_taken() -> None:
    # given
    taken = {
        word: {str(state) for state, event in TRANSITIONS if event == wanted}
        for word, wanted in VERBS.items()
    }

    # when
    offered = _offered()

    # then
    for word, states in offered.items():
        assert set(states) <= taken[word], word
    assert set(VERBS) - set(offered) == {"deploy", "undeploy"}


def test_a_verb_that_is_taken_is_offered() -> None:
    # Not offered: what the work itself does (a manual clean's end), and a first deploy, which is
    # the launch of a server.
    own = {("manage", "cleaning"), ("active", "available")}
    offered = _offered()
    missing = {
        (word, str(state))
        for (state, event) in TRANSITIONS
        for word in offered
        if VERBS[word] == event and state not in offered[word]
    }
    assert missing - own == {("clean", "deleting")}

"""The state machine of a node: every state can be reached, and every one can be left."""

from __future__ import annotations

import pytest

from unkai.baremetal.model import State
from unkai.baremetal.states import FAILED, RESTING, TARGETS, TRANSITIONS, WAITING, Event, move
from unkai.kit.errors import BadRequest


def test_every_state_is_reached_from_enroll() -> None:
    reached = {State.ENROLL}
    while new := {to for (at, _), to in TRANSITIONS.items() if at in reached} - reached:
        reached |= new
    assert reached == set(State)


def test_no_state_is_a_dead_end() -> None:
    assert {at for at, _ in TRANSITIONS} == set(State)


def test_what_waits_can_be_aborted_and_work_can_fail() -> None:
    for state in WAITING:
        assert (state, Event.ABORT) in TRANSITIONS
        assert TRANSITIONS[state, Event.FAIL] in FAILED


def test_only_what_goes_on_has_a_target() -> None:
    assert not set(TARGETS) & RESTING


def test_a_verb_out_of_place_is_refused_with_the_state() -> None:
    with pytest.raises(BadRequest, match="while it is in state"):
        move("node", State.ENROLL, Event.DEPLOY)

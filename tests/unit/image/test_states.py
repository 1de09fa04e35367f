"""Which status follows which."""

from __future__ import annotations

import pytest

from unkai.image.model import Status
from unkai.image.states import TRANSITIONS, after
from unkai.kit.errors import Conflict


def test_every_status_can_be_left_and_reached() -> None:
    assert {status for status, _ in TRANSITIONS} == set(Status)
    assert set(TRANSITIONS.values()) == set(Status)


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.QUEUED])
def test_data_is_given_to_queued_images_only(status: Status) -> None:
    for verb in ("upload", "stage"):
        with pytest.raises(Conflict, match=f"an image that is {status}; it must be queued"):
            after(status, verb)


def test_whatever_takes_in_data_can_give_it_back() -> None:
    for status in (Status.SAVING, Status.UPLOADING, Status.IMPORTING):
        assert after(status, "give back") is Status.QUEUED

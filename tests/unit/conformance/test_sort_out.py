"""Every wanted tempest test gets an outcome, also when its class never came up."""

from tests.conformance.tempest_run import (
    FAILED,
    PASSED,
    SKIPPED,
    Outcome,
    class_of,
    names_of,
    sort_out,
)

ONE = "tempest.api.x.test_y.YTest.test_one[id-1,smoke]"
TWO = "tempest.api.x.test_y.YTest.test_two[id-2]"


def test_a_test_has_its_own_outcome() -> None:
    found = [Outcome(ONE, PASSED, 1.5), Outcome(TWO, SKIPPED, 0, "no such feature")]

    assert sort_out([TWO, ONE], found) == [found[1], found[0]]


def test_a_class_that_is_skipped_skips_each_of_its_tests() -> None:
    found = [Outcome("setUpClass (tempest.api.x.test_y.YTest)", SKIPPED, 0, "no volumes")]

    assert [one.state for one in sort_out([ONE, TWO], found)] == [SKIPPED, SKIPPED]
    assert {one.reason for one in sort_out([ONE, TWO], found)} == {"no volumes"}


def test_a_test_that_never_ran_has_failed() -> None:
    outcomes = sort_out([ONE, TWO], [Outcome(ONE, PASSED)])

    assert [one.state for one in outcomes] == [PASSED, FAILED]
    assert "did not run" in outcomes[1].reason


def test_a_class_that_cannot_clean_up_is_not_silent() -> None:
    ending = Outcome("tearDownClass (tempest.api.x.test_y.YTest)", FAILED, 0, "a port stayed")

    assert sort_out([ONE], [Outcome(ONE, PASSED), ending])[-1] == ending


def test_tags_are_no_part_of_a_class() -> None:
    assert class_of(ONE) == "tempest.api.x.test_y.YTest"


def test_a_test_is_asked_for_with_and_without_its_tag_slow() -> None:
    assert names_of(TWO) == {TWO}
    slow = TWO.replace("]", ",slow]")
    assert names_of(slow) == {slow, TWO}

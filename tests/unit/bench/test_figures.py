"""Figures: medians, rates, and whether an aim is met."""

from bench.figures import Figure, Stopwatch, table


def test_a_median_is_per_operation() -> None:
    watch = Stopwatch(cpu=lambda: 0.0, samples_ms=[10.0, 30.0, 20.0], cpu_s=0.06)

    figure = watch.median("x", aim_ms=5, per=4)

    assert (figure.value, figure.cpu_ms, figure.spread) == (5.0, 5.0, (2.5, 7.5))
    assert figure.is_met


def test_a_rate_is_met_from_above() -> None:
    watch = Stopwatch(cpu=lambda: 0.0, samples_ms=[500.0])

    assert watch.rate("x", "1/s", per=100, aim=200).is_met
    assert not watch.rate("x", "1/s", per=100, aim=201).is_met


def test_cpu_has_an_aim_of_its_own() -> None:
    assert not Figure("x", 1, "ms", aim=2, cpu_ms=9, cpu_aim_ms=5).is_met


def test_the_table_marks_what_is_missed() -> None:
    lines = table([Figure("one", 1, "ms"), Figure("two", 3, "ms", aim=2)]).splitlines()

    assert "MISSED" not in lines[1]
    assert lines[2].endswith("MISSED")

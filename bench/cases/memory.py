"""Start and size: `unkai up` to the first answer, memory without its daemons."""

from __future__ import annotations

from collections.abc import Iterator

from bench.figures import Figure
from bench.subject import Subject

RSS_AIM_MIB = 150
FAKE_START_AIM_S = 2


def memory(subject: Subject) -> Iterator[Figure]:
    aim = FAKE_START_AIM_S if subject.cloud.fake else None
    yield Figure("unkai up to the first answer", subject.up_s, "s", aim=aim)
    yield Figure("memory of the cloud", subject.rss_mib(), "MiB", aim=RSS_AIM_MIB)
    if not subject.cloud.fake:
        yield Figure("memory of OVN and Open vSwitch", subject.daemons_rss_mib(), "MiB")

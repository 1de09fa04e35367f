"""How many live streams each user holds open in this process."""

from __future__ import annotations

from collections import Counter

from unkai.kit.errors import TooManyRequests


class Streams:
    def __init__(self, most: int) -> None:
        self._most = most
        self._open: Counter[str] = Counter()

    @property
    def open(self) -> int:
        return self._open.total()

    def take(self, user_id: str) -> None:
        """One more of this user's; TooManyRequests beyond the limit. `give_back` at its end."""
        if self._open[user_id] >= self._most:
            raise TooManyRequests(
                f"You have {self._most} live streams open already.",
                code="too-many-streams",
                remedy="Close one, or ask the administrator to raise operator.streams_per_user.",
            )
        self._open[user_id] += 1

    def give_back(self, user_id: str) -> None:
        self._open[user_id] -= 1
        if not self._open[user_id]:
            del self._open[user_id]

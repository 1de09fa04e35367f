"""What every live stream does: count its user's, beat, look after its token, end."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

from unkai.identity.actions.authenticate import authenticate
from unkai.kit.changes import Change, Listener
from unkai.kit.errors import BadRequest, Fault
from unkai.kit.http import Call
from unkai.kit.http.event_stream import HEARTBEAT, EventStream, message
from unkai.kit.policy import Caller
from unkai.operator.service import Operator

Told = Callable[[Sequence[Change]], Awaitable[bytes]]
"""What a listener's changes are to its client; nothing where they mean nothing to it."""
LARGEST_ID = 2**63 - 1


class Viewer:
    """Who looks at a stream; its rights are read anew with each beat."""

    def __init__(self, call: Call) -> None:
        self.caller: Caller = call.caller
        self._token = call.request.headers.get("x-auth-token", "")
        self._operator: Operator = call.service
        self._policy, self._rule = call.api.policy, call.route.policy or ""

    async def still_may(self) -> bool:
        """Whether the token holds, and still opens this door."""
        identity = self._operator.compute.identity
        try:
            self.caller = await authenticate(identity, self._token, self.caller.request_id)
        except Fault:
            return False
        return self._policy.allows(self.caller, self._rule)


def stream(call: Call, events: AsyncGenerator[bytes]) -> EventStream:
    """The answer; TooManyRequests where the user holds too many."""
    operator: Operator = call.service
    user_id = call.caller.user_id
    operator.streams.take(user_id)
    return EventStream(events, lambda: operator.streams.give_back(user_id))


async def follow(
    operator: Operator,
    viewer: Viewer,
    listener: Listener,
    told: Told,
    look_s: float | None = None,
) -> AsyncGenerator[bytes]:
    """What the listener hears, until the viewer may no more or the cloud stops.

    look_s: how long at the most until `told` is asked though nothing was heard; None: a heartbeat.
    """
    clock, every_s = operator.kit.clock, operator.settings.heartbeat_s
    beat = clock.monotonic() + every_s
    while True:
        found = await listener.next(min(look_s or every_s, max(0.0, beat - clock.monotonic())))
        if listener.ended:
            yield message("end", {"reason": "The cloud stops; come back in a moment."})
            return
        if listener.missed:
            listener.missed = False
            yield message("reset", {"reason": "Changes were missed: list everything anew."})
        if piece := await told(found):
            yield piece
        if clock.monotonic() >= beat:
            beat = clock.monotonic() + every_s
            if not await viewer.still_may():
                yield message("end", {"reason": "The token does not hold any more."})
                return
            yield HEARTBEAT


def last_event_id(call: Call, since: int | None) -> int | None:
    """Where the client broke off: its query, or the header of one that comes back by itself."""
    header = call.request.headers.get("last-event-id", "")
    if since is None and header:
        if not header.isascii() or not header.isdigit():
            raise BadRequest("Last-Event-ID is not a number.", code="invalid-query")
        since = int(header)
    if since is not None and not 0 <= since <= LARGEST_ID:
        raise BadRequest("since is not the number of an event.", code="invalid-query")
    return since

"""A connection of a guest to its metadata: uvicorn's, with bounds for those who are not trusted.

Apart from `metadata` because uvicorn is imported with the first socket, not with the cloud. The
protocol written in Python, for it bounds the size of headers, which the faster one does not.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol


class GuestProtocol(H11Protocol):
    """`connections_max` of one network; whoever asks nothing for `silence_s` is sent away."""

    connections_max = 100
    silence_s = 10.0
    _silence: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        if len(self.connections) >= self.connections_max:
            self.transport = transport
            transport.abort()
            return
        super().connection_made(transport)
        self._silence = self.loop.call_later(self.silence_s, self._send_away)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._silence is None:  # was one too many and never got in
            return
        self._silence.cancel()
        super().connection_lost(exc)

    def _send_away(self) -> None:
        if not self.cycle and not self.transport.is_closing():
            self.transport.abort()

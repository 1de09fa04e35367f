"""The consoles of played machines: a line that says back what is typed, and a small screen.

The screen speaks RFB 3.3 to 3.8 (RFC 6143) as far as a viewer needs it: no password, raw pixels in
the form the viewer asks for. Three bands of colour; each key that is pressed turns them by one, so
that a test can see that a key arrived.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable, Generator
from dataclasses import dataclass
from typing import Final

from unkai.kit.errors import Unavailable

WIDTH, HEIGHT = 160, 96
BANDS: Final = ((0x1C, 0x2B, 0x4A), (0x5B, 0x8D, 0xB8), (0xF2, 0xF5, 0xF7))
"""Night, sky, clouds: red, green, blue."""
_FORMAT = struct.Struct(">BBBBHHHBBB3x")
_RECTANGLE = struct.Struct(">HHHHi")
_TEXT_MOST = 1 << 20
RECENT_MOST: Final = 8192


class FakeStream:
    """A `ByteStream` whose other end is `hear`, which says things by `say`."""

    def __init__(self) -> None:
        self._said: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.ended = False

    def say(self, data: bytes) -> None:
        if not self.ended:
            self._said.put_nowait(data)

    def hear(self, data: bytes) -> None:
        raise NotImplementedError

    def end(self) -> None:
        if not self.ended:
            self.ended = True
            self._said.put_nowait(None)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (said := await self._said.get()) is not None:
            yield said

    async def write(self, data: bytes) -> None:
        if self.ended:
            raise Unavailable("The other side has gone.", code="stream-ended")
        self.hear(data)

    async def close(self) -> None:
        self.end()


class FakeSerial(FakeStream):
    """recent: what was said so far. typed: hears a viewer's words, to say them to all."""

    def __init__(self, recent: str, typed: Callable[[bytes], None]) -> None:
        super().__init__()
        self._typed = typed
        self.say(_on_a_line(recent))

    def hear(self, data: bytes) -> None:
        self._typed(data)


class FakeConsoles:
    """Whoever looks at the machines of a host, by server."""

    def __init__(self) -> None:
        self._open: dict[str, list[FakeStream]] = {}

    def serial(self, server_id: str, recent: str, typed: Callable[[bytes], None]) -> FakeStream:
        return self._opened(server_id, FakeSerial(recent[-RECENT_MOST:], typed))

    def screen(self, server_id: str, name: str) -> FakeStream:
        return self._opened(server_id, FakeScreen(name))

    def say(self, server_id: str, text: str) -> None:
        """On the serial line."""
        for stream in self._open.get(server_id, ()):
            if isinstance(stream, FakeSerial):
                stream.say(_on_a_line(text))

    def end(self, server_id: str) -> None:
        for stream in self._open.pop(server_id, ()):
            stream.end()

    def _opened(self, server_id: str, stream: FakeStream) -> FakeStream:
        still = [one for one in self._open.get(server_id, ()) if not one.ended]
        self._open[server_id] = [*still, stream]
        return stream


def _on_a_line(text: str) -> bytes:
    return text.replace("\r\n", "\n").replace("\n", "\r\n").encode()


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """How the viewer wants a pixel: each colour scaled to its largest value, then shifted."""

    bits: int = 32
    depth: int = 24
    big_endian: int = 0
    true_colour: int = 1
    red_most: int = 255
    green_most: int = 255
    blue_most: int = 255
    red_shift: int = 16
    green_shift: int = 8
    blue_shift: int = 0

    def words(self) -> bytes:
        return _FORMAT.pack(*(getattr(self, name) for name in self.__slots__))

    def pixel(self, red: int, green: int, blue: int) -> bytes:
        value = (
            (red * self.red_most // 255) << self.red_shift
            | (green * self.green_most // 255) << self.green_shift
            | (blue * self.blue_most // 255) << self.blue_shift
        )
        size = self.bits // 8
        return (value % (1 << self.bits)).to_bytes(size, "big" if self.big_endian else "little")


class FakeScreen(FakeStream):
    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name.encode()
        self._format = PixelFormat()
        self._keys = 0
        self._shown: int | None = None
        self._asked = False
        self._rest = b""
        self._talk = self._conversation()
        self._wanted = next(self._talk)

    def hear(self, data: bytes) -> None:
        self._rest += data
        while len(self._rest) >= self._wanted:
            part, self._rest = self._rest[: self._wanted], self._rest[self._wanted :]
            try:
                self._wanted = self._talk.send(part)
            except StopIteration:
                self.end()
                return

    def _conversation(self) -> Generator[int, bytes, None]:
        """Yields how many bytes it wants to hear next; returns where they make no sense."""
        going_on = yield from self._greet()
        while going_on:
            going_on = yield from self._obey((yield 1)[0])

    def _greet(self) -> Generator[int, bytes, bool]:
        self.say(b"RFB 003.008\n")
        version = yield 12
        if not version.startswith(b"RFB 003."):
            return False
        if version[8:11] < b"007":
            self.say(struct.pack(">I", 1))
        else:
            self.say(bytes((1, 1)))
            if (yield 1) != b"\x01":
                return False
            if version[8:11] >= b"008":
                self.say(bytes(4))
        yield 1  # whether others may watch: they may
        size = struct.pack(">HH", WIDTH, HEIGHT)
        self.say(size + PixelFormat().words() + struct.pack(">I", len(self._name)) + self._name)
        return True

    def _obey(self, kind: int) -> Generator[int, bytes, bool]:
        """One message of the viewer's."""
        match kind:
            case 0:
                form = PixelFormat(*_FORMAT.unpack((yield 19)[3:]))
                self._format, self._shown = form, None
                return form.bits in (8, 16, 32)
            case 2:
                (count,) = struct.unpack(">xH", (yield 3))
                yield 4 * count
            case 3:
                self._asked = True
                self._show(whole=(yield 9)[0] == 0)
            case 4:
                self._keys += (yield 7)[0] != 0
                self._show(whole=False)
            case 5:
                yield 5
            case 6:
                (length,) = struct.unpack(">3xI", (yield 7))
                if length > _TEXT_MOST:
                    return False
                yield length
            case _:
                return False
        return True

    def _show(self, *, whole: bool) -> None:
        """An update, where one was asked for and there is something new."""
        if not self._asked or (self._shown == self._keys and not whole):
            return
        self._asked, self._shown = False, self._keys
        head = struct.pack(">BxH", 0, 1) + _RECTANGLE.pack(0, 0, WIDTH, HEIGHT, 0)
        rows: list[bytes] = []
        for band in range(len(BANDS)):
            colour = BANDS[(band + self._keys) % len(BANDS)]
            rows.append(self._format.pixel(*colour) * (WIDTH * HEIGHT // len(BANDS)))
        self.say(head + b"".join(rows))

"""HTTP for strangers: who sends an endless request, never ends one, or never reads holds no connection for ever."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LONGEST_HEAD = 32 * 1024  # octets of a request's line and header fields; the server itself has no limit
PATIENCE = 20.0  # seconds for a request's line and header fields
READING = 120.0  # seconds in which a client must have read the better part of what it was sent
TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n"
    b"Cache-Control: no-store\r\n\r\n"
)


class Guarded(HttpToolsProtocol):
    """The server's own protocol, with limits that it lacks; *patience* is in seconds."""

    def __init__(self, *args: Any, patience: float = PATIENCE, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._patience = patience
        self._in_head = False
        self._head = 0  # octets
        self._asking: asyncio.TimerHandle | None = None
        self._reading: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._asking = self.loop.call_later(self._patience, transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        self._at_ease()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._head += len(data)
        super().data_received(data)
        if not self._in_head or self.transport.is_closing():
            self._head = 0
        elif self._head > LONGEST_HEAD:
            self.transport.write(TOO_LARGE)
            self.transport.close()
        elif self._asking is None:
            self._asking = self.loop.call_later(self._patience, self.transport.close)

    def on_message_begin(self) -> None:
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._at_ease()
        super().on_headers_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._reading = self.loop.call_later(READING, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _at_ease(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None
